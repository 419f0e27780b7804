// The lab's network: a bridge with the control plane's address, and a cable to each node. All of it in the lab's own namespace.
package main

import (
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

const bridgeName = "klab0"

func subnet(address string) *netlink.Addr {
	return &netlink.Addr{IPNet: &net.IPNet{IP: net.ParseIP(address), Mask: net.CIDRMask(prefixLength, 32)}}
}

func setUp(link netlink.Link, address string) error {
	if err := netlink.AddrAdd(link, subnet(address)); err != nil {
		return fmt.Errorf("%s cannot get %s: %w", link.Attrs().Name, address, err)
	}
	return netlink.LinkSetUp(link)
}

func setLoopbackUp() error {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	return netlink.LinkSetUp(loopback)
}

func makeBridge() error {
	if err := setLoopbackUp(); err != nil {
		return err
	}
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: bridgeName}}
	if err := netlink.LinkAdd(bridge); err != nil {
		return fmt.Errorf("the lab's bridge cannot be made: %w", err)
	}
	return setUp(bridge, controlPlaneIP)
}

// connectNode lays a cable from the bridge to eth0 of a node, whose first process is pid.
func connectNode(name string, pid int) error {
	bridge, err := netlink.LinkByName(bridgeName)
	if err != nil {
		return err
	}
	// The kernel takes its time to remove the namespace of a node that was killed, and until then its cable is there.
	if old, err := netlink.LinkByName("to-" + name); err == nil {
		_ = netlink.LinkDel(old)
	}
	cable := &netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: "to-" + name, MasterIndex: bridge.Attrs().Index},
		PeerName:  "eth0", PeerNamespace: netlink.NsPid(pid),
	}
	if err := netlink.LinkAdd(cable); err != nil {
		return fmt.Errorf("node %s cannot be connected: %w", name, err)
	}
	return netlink.LinkSetUp(cable)
}

// route is where a node's pods are.
type route struct{ podCIDR, via string }

func (r route) parsed() (*netlink.Route, error) {
	_, destination, err := net.ParseCIDR(r.podCIDR)
	return &netlink.Route{Dst: destination, Gw: net.ParseIP(r.via)}, err
}

// setRoute replaces a route, in this namespace (pid 0) or in that of a node; an empty podCIDR stands for none.
func setRoute(pid int, before, after route) error {
	handle, err := netlink.NewHandle()
	if pid != 0 {
		var namespace netns.NsHandle
		if namespace, err = netns.GetFromPid(pid); err != nil {
			return err
		}
		defer namespace.Close()
		handle, err = netlink.NewHandleAt(namespace)
	}
	if err != nil {
		return err
	}
	defer handle.Close()
	if before.podCIDR != "" && before != after {
		if gone, err := before.parsed(); err == nil {
			_ = handle.RouteDel(gone)
		}
	}
	made, err := after.parsed()
	if err != nil {
		return err
	}
	return handle.RouteReplace(made)
}
