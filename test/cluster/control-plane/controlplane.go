// etcd, the API server, controller manager and scheduler with what they are told. etcd is inside of this process.
package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

const (
	etcdTimeout  = 60 * time.Second
	readyTimeout = 180 * time.Second
)

func freePort() (int, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

func freeURL() (url.URL, error) {
	port, err := freePort()
	return url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", port)}, err
}

// startEtcd: nothing of it outlives the lab, so it need not wait for the disk.
func startEtcd(dir, log string) (*embed.Etcd, error) {
	config := embed.NewConfig()
	config.Dir, config.LogLevel, config.LogOutputs, config.UnsafeNoFsync = dir, "warn", []string{log}, true
	for _, urls := range []struct{ listen, advertise *[]url.URL }{
		{&config.ListenClientUrls, &config.AdvertiseClientUrls}, {&config.ListenPeerUrls, &config.AdvertisePeerUrls},
	} {
		free, err := freeURL()
		if err != nil {
			return nil, err
		}
		*urls.listen, *urls.advertise = []url.URL{free}, []url.URL{free}
	}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return nil, err
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return etcd, nil
	case <-time.After(etcdTimeout):
		etcd.Close()
		return nil, fmt.Errorf("etcd was not ready within %v (%s)", etcdTimeout, lastLines(log))
	}
}

// auditPolicy: only what is asked of this project's own APIs, so that tests can look for who did it.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  resources: [{group: apidefense.dev}, {group: live.apidefense.dev}]
- level: None
`

func (l *lab) writePKI() error {
	dir := filepath.Join(l.state(), "pki")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	ca, err := newAuthority(dir, "ca")
	if err != nil {
		return err
	}
	front, err := newAuthority(dir, "front-proxy-ca")
	if err != nil {
		return err
	}
	if _, err := writeNewKey(l.pki("sa.key")); err != nil {
		return err
	}
	if err := front.issue(identity{file: "front-proxy-client", name: "front-proxy-client"}); err != nil {
		return err
	}
	return l.writeIdentities(ca)
}

// writeIdentities: a certificate for each component, and a kubeconfig for those that are clients.
func (l *lab) writeIdentities(ca *authority) error {
	const service = "kubernetes.default.svc"
	inside := l.insideServer()
	rows := []struct {
		identity
		config, server string
	}{
		{identity{file: "apiserver", name: "kube-apiserver", hosts: []string{"127.0.0.1", "localhost", l.address(), apiServiceIP,
			"kubernetes", "kubernetes.default", service, service + ".cluster.local"}}, "", ""},
		{identity{file: "kubelet-client", name: "kube-apiserver-kubelet-client", groups: []string{"system:masters"}}, "", ""},
		{identity{file: "admin", name: "kubernetes-admin", groups: []string{"system:masters"}}, filepath.Join(l.Dir, "kubeconfig"), l.outsideServer()},
		{identity{file: "lab", name: "lab", groups: []string{"system:masters"}}, l.config("lab"), inside},
		{identity{file: "controller-manager", name: "system:kube-controller-manager"}, l.config("controller-manager"), inside},
		{identity{file: "scheduler", name: "system:kube-scheduler"}, l.config("scheduler"), inside},
		{identity{file: "kube-proxy", name: "system:kube-proxy"}, l.config("kube-proxy"), inside},
	}
	for index, node := range l.Nodes {
		rows = append(rows, struct {
			identity
			config, server string
		}{identity{file: "kubelet-" + node, name: "system:node:" + node, groups: []string{"system:nodes"}, hosts: []string{node, l.nodeIP(index)}},
			l.config("kubelet-" + node), inside})
	}
	for _, row := range rows {
		if err := ca.issue(row.identity); err != nil {
			return err
		}
		if row.config == "" {
			continue
		}
		if err := ca.writeKubeconfig(row.config, row.server, row.file); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) apiServerFlags(etcd *embed.Etcd) []string {
	port := l.Port
	if l.Isolated {
		port = insidePort
	}
	return []string{
		"kube-apiserver", "--etcd-servers=" + etcd.Config().ListenClientUrls[0].String(),
		"--bind-address=" + l.address(), "--advertise-address=" + l.address(), fmt.Sprintf("--secure-port=%d", port),
		"--tls-cert-file=" + l.pki("apiserver.crt"), "--tls-private-key-file=" + l.pki("apiserver.key"),
		"--client-ca-file=" + l.pki("ca.crt"),
		"--kubelet-client-certificate=" + l.pki("kubelet-client.crt"), "--kubelet-client-key=" + l.pki("kubelet-client.key"),
		"--kubelet-preferred-address-types=InternalIP,Hostname",
		// Aggregated APIs: Services have no address here, where no kube-proxy runs, so their endpoints are called.
		"--enable-aggregator-routing=true",
		"--requestheader-client-ca-file=" + l.pki("front-proxy-ca.crt"), "--requestheader-allowed-names=front-proxy-client",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-username-headers=X-Remote-User",
		"--proxy-client-cert-file=" + l.pki("front-proxy-client.crt"), "--proxy-client-key-file=" + l.pki("front-proxy-client.key"),
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + l.pki("sa.key"), "--service-account-signing-key-file=" + l.pki("sa.key"),
		"--service-cluster-ip-range=" + serviceCIDR, "--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction", "--allow-privileged=true", "--profiling=false",
		"--audit-policy-file=" + l.config("audit"), "--audit-log-path=" + filepath.Join(l.Dir, "audit.log"),
	}
}

func asClient(config string) []string {
	return []string{
		"--kubeconfig=" + config, "--authentication-kubeconfig=" + config, "--authorization-kubeconfig=" + config,
		"--bind-address=127.0.0.1", "--leader-elect=false",
	}
}

func (l *lab) controllerFlags() []string {
	return append(asClient(l.config("controller-manager")), "--controllers=*", "--use-service-account-credentials=true",
		"--root-ca-file="+l.pki("ca.crt"), "--service-account-private-key-file="+l.pki("sa.key"),
		"--cluster-signing-cert-file="+l.pki("ca.crt"), "--cluster-signing-key-file="+l.pki("ca.key"),
		"--allocate-node-cidrs=true", "--cluster-cidr="+podCIDR, "--service-cluster-ip-range="+serviceCIDR)
}

// startControlPlane answers when the API server is ready and the ServiceAccount that every pod needs is there.
func (l *lab) startControlPlane() (*embed.Etcd, error) {
	if err := l.writePKI(); err != nil {
		return nil, err
	}
	if err := os.WriteFile(l.config("audit"), []byte(auditPolicy), 0o600); err != nil {
		return nil, err
	}
	etcd, err := startEtcd(filepath.Join(l.state(), "etcd"), l.log("etcd"))
	if err != nil {
		return nil, err
	}
	if err := l.children.startSelf("kube-apiserver", l.apiServerFlags(etcd)...); err != nil {
		return etcd, err
	}
	if l.client, err = clientOf(l.config("lab")); err != nil {
		return etcd, err
	}
	if err := l.until("the API server's readiness", readyTimeout, func(ctx context.Context) error {
		return l.client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	}); err != nil {
		return etcd, err
	}
	return etcd, l.startControllers()
}

func (l *lab) startControllers() error {
	for name, flags := range map[string][]string{
		"kube-controller-manager": l.controllerFlags(), "kube-scheduler": asClient(l.config("scheduler")),
	} {
		port, err := freePort()
		if err != nil {
			return err
		}
		if err := l.children.startSelf(name, append([]string{name, fmt.Sprintf("--secure-port=%d", port)}, flags...)...); err != nil {
			return err
		}
	}
	return l.until("the default ServiceAccount", readyTimeout, func(ctx context.Context) error {
		_, err := l.client.CoreV1().ServiceAccounts("default").Get(ctx, "default", getOptions)
		return err
	})
}
