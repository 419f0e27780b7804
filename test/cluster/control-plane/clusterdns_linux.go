// The cluster's DNS: CoreDNS beside the control plane, behind the Service that kubelets name to their pods. The Service selects no pods,
// so its endpoint is written by hand.
package main

import (
	"context"

	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const dnsPort = int32(53)

func (l *lab) startDNS() error {
	corefile, err := writeCorefile(l.settings)
	if err != nil {
		return err
	}
	if err := l.children.startSelf("coredns", "coredns", "-conf", corefile); err != nil {
		return err
	}
	const name = "kube-dns"
	ctx, labels := context.Background(), map[string]string{"kubernetes.io/service-name": name}
	protocols := []core.Protocol{core.ProtocolUDP, core.ProtocolTCP}
	service := &core.Service{
		ObjectMeta: meta.ObjectMeta{Name: name},
		Spec:       core.ServiceSpec{ClusterIP: dnsServiceIP},
	}
	slice := &discovery.EndpointSlice{
		ObjectMeta:  meta.ObjectMeta{Name: name, Labels: labels},
		AddressType: discovery.AddressTypeIPv4,
		Endpoints:   []discovery.Endpoint{{Addresses: []string{controlPlaneIP}}},
	}
	for _, protocol := range protocols {
		port, called, number := protocol, "dns-udp", dnsPort
		if protocol == core.ProtocolTCP {
			called = "dns-tcp"
		}
		service.Spec.Ports = append(service.Spec.Ports, core.ServicePort{Name: called, Port: dnsPort, Protocol: protocol})
		slice.Ports = append(slice.Ports, discovery.EndpointPort{Name: &called, Port: &number, Protocol: &port})
	}
	if _, err := l.client.CoreV1().Services(meta.NamespaceSystem).Create(ctx, service, meta.CreateOptions{}); err != nil {
		return err
	}
	_, err = l.client.DiscoveryV1().EndpointSlices(meta.NamespaceSystem).Create(ctx, slice, meta.CreateOptions{})
	return err
}
