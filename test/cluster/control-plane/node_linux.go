// `node`: first process of a node's namespaces. Runs containerd, the kubelet and kube-proxy, and ends when one of them does.
package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"text/template"
	"time"

	"github.com/vishvananda/netlink"
)

//go:embed containerd.toml kubelet.yaml kube-proxy.yaml cni.json
var templates embed.FS

// facts fill the templates.
type facts struct {
	Name, IP, Dir, PKI, Packages, Cgroup, DNS, CNI, Proxy, ProxyConfig, PodCIDR, NodePods string
}

type node struct {
	*lab
	name  string
	facts facts
}

func runNode(arguments []string) error {
	var told nodeSettings
	if err := json.Unmarshal([]byte(arguments[0]), &told); err != nil {
		return err
	}
	images, err := openImages(told.Images)
	if err != nil {
		return err
	}
	dir := filepath.Join(told.state(), "nodes", told.Name)
	cgroup := filepath.Join(filepath.Base(told.Dir), told.Name)
	// A node that was killed and comes again starts empty, as a new machine of the same name.
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	one := &node{
		lab:  &lab{settings: told.settings, children: newChildren(filepath.Join(told.logs(), told.Name))},
		name: told.Name,
		facts: facts{Name: told.Name, IP: told.nodeIP(told.Index), Dir: dir, PKI: filepath.Dir(told.pki("x")), Packages: told.Packages,
			Cgroup: cgroup, DNS: dnsServiceIP, CNI: told.CNI, Proxy: told.Proxy, ProxyConfig: told.config("kube-proxy"), PodCIDR: podCIDR},
	}
	for _, folder := range []string{dir, filepath.Join(dir, "cni"), one.children.logs} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	if err := one.enter(); err != nil {
		return err
	}
	if err := one.startRuntime(images); err != nil {
		return err
	}
	if err := one.startKubernetes(); err != nil {
		return err
	}
	return <-one.children.failed
}

// openImages: before folders are hidden that they may be in.
func openImages(paths []string) ([]*os.File, error) {
	var files []*os.File
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// enter: what pods write to the node by hostPath lands in memory that goes with the node, not on the machine.
func (n *node) enter() error {
	if err := hideMounts("/run", "/var/lib", "/var/log"); err != nil {
		return err
	}
	for _, folder := range []string{"/run/netns", "/run/lock"} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	// Shared inside of this namespace: pods that ask for propagation see what the node mounts.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_SHARED, ""); err != nil {
		return err
	}
	go reapOrphans()
	if err := syscall.Sethostname([]byte(n.name)); err != nil {
		return err
	}
	if err := makeCgroups(filepath.Base(n.Dir), n.name); err != nil {
		return err
	}
	return n.joinNetwork()
}

func (n *node) joinNetwork() error {
	if err := setLoopbackUp(); err != nil {
		return err
	}
	var cable netlink.Link
	if err := n.until("the node's cable", 20*time.Second, func(context.Context) (err error) {
		cable, err = netlink.LinkByName("eth0")
		return err
	}); err != nil {
		return err
	}
	if err := setUp(cable, n.facts.IP); err != nil {
		return err
	}
	if err := netlink.RouteAdd(&netlink.Route{Gw: net.ParseIP(controlPlaneIP)}); err != nil {
		return err
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644); err != nil {
		return err
	}
	// Where the kernel has it; without, rules for Services are not applied between pods on one bridge.
	_ = os.WriteFile("/proc/sys/net/bridge/bridge-nf-call-iptables", []byte("1"), 0o644)
	return nil
}

// write fills a template and answers where it stands.
func (n *node) write(name string) (string, error) {
	parsed, err := template.ParseFS(templates, name)
	if err != nil {
		return "", err
	}
	path := filepath.Join(n.facts.Dir, name)
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	return path, parsed.Execute(file, n.facts)
}

func (n *node) packaged(name string, arguments ...string) *exec.Cmd {
	bin := filepath.Join(n.Packages, "usr/bin")
	command := exec.Command(filepath.Join(bin, name), arguments...)
	command.Env = append(os.Environ(), "PATH="+bin+":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	return command
}

func (n *node) startRuntime(images []*os.File) error {
	config, err := n.write("containerd.toml")
	if err != nil {
		return err
	}
	if err := n.children.start("containerd", func() *exec.Cmd { return n.packaged("containerd", "-c", config) }); err != nil {
		return err
	}
	if err := n.until("containerd", 60*time.Second, func(context.Context) error {
		return own.run(n.packaged("ctr", "version"))
	}); err != nil {
		return err
	}
	for _, image := range images {
		load := n.packaged("ctr", "--namespace", "k8s.io", "images", "import", "-")
		load.Stdin, load.Stderr = image, os.Stderr
		if err := own.run(load); err != nil {
			return fmt.Errorf("image %s cannot be loaded: %w", image.Name(), err)
		}
		image.Close()
	}
	return nil
}

func (n *node) startKubernetes() error {
	config, err := n.write("kubelet.yaml")
	if err != nil {
		return err
	}
	kubeconfig := n.config("kubelet-" + n.name)
	if err := n.children.startSelf("kubelet", "kubelet", "--config="+config, "--kubeconfig="+kubeconfig,
		"--root-dir=/var/lib/kubelet", "--cert-dir="+filepath.Join(n.facts.Dir, "kubelet-pki"),
		"--hostname-override="+n.name, "--node-ip="+n.facts.IP, "--v=2"); err != nil {
		return err
	}
	if err := n.learnPodCIDR(kubeconfig); err != nil {
		return err
	}
	written, err := n.write("cni.json")
	if err != nil {
		return err
	}
	// containerd looks again when a file of its folder is renamed, not when one is moved in from another folder; and it takes what ends
	// in .conflist at once, so that has to be whole.
	folder := filepath.Join(n.facts.Dir, "cni")
	moved := filepath.Join(folder, "lab.new")
	if err := os.Rename(written, moved); err != nil {
		return err
	}
	if err := os.Rename(moved, filepath.Join(folder, "10-lab.conflist")); err != nil {
		return err
	}
	proxy, err := n.write("kube-proxy.yaml")
	if err != nil {
		return err
	}
	return n.children.startSelf("kube-proxy", "kube-proxy", "--config="+proxy)
}

// learnPodCIDR: the controller manager gives a node its range after the kubelet has registered it.
func (n *node) learnPodCIDR(kubeconfig string) error {
	client, err := clientOf(kubeconfig)
	if err != nil {
		return err
	}
	return n.until("the node's range of pod addresses", 120*time.Second, func(ctx context.Context) error {
		found, err := client.CoreV1().Nodes().Get(ctx, n.name, getOptions)
		if err != nil {
			return err
		}
		if n.facts.NodePods = found.Spec.PodCIDR; n.facts.NodePods == "" {
			return errors.New("it has none yet")
		}
		return nil
	})
}
