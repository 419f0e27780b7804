// What a lab is told, as JSON in one argument, by the tests that start it (test/cluster/lab/settings.ts has the same shape).
package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
)

// Addresses inside the lab's own network. They are on no interface of the machine.
const (
	controlPlaneIP = "10.99.0.1"
	nodeIPFormat   = "10.99.0.%d"
	firstNode      = 11
	prefixLength   = 24
	serviceCIDR    = "10.97.0.0/16"
	apiServiceIP   = "10.97.0.1"
	dnsServiceIP   = "10.97.0.10"
	podCIDR        = "10.98.0.0/16"
	insidePort     = 6443
)

type settings struct {
	// Dir is on the machine's file system: log files, the kubeconfig and the control socket. It is removed at the end.
	Dir string `json:"dir"`
	// Isolated: in namespaces of its own (root), or on loopback of the machine.
	Isolated bool `json:"isolated"`
	// Nodes by name, n1 is 10.99.0.11. They need Isolated.
	Nodes []string `json:"nodes"`
	// CNI is the plugin that joins pods: bridge or ptp.
	CNI string `json:"cni"`
	// Proxy is the mode of kube-proxy: nftables or iptables.
	Proxy string `json:"proxy"`
	// Packages is the folder with containerd, runc and CNI plugins under usr/.
	Packages string `json:"packages"`
	// Images are OCI archives that each node gets before it is ready.
	Images []string `json:"images"`
	// Port is where the machine reaches the API server, set by `lab`.
	Port int `json:"port"`
}

func parseSettings(arguments []string) (settings, error) {
	read := settings{CNI: "bridge", Proxy: "nftables"}
	if len(arguments) != 1 {
		return read, fmt.Errorf("one argument is wanted, the settings as JSON; there are %d", len(arguments))
	}
	if err := json.Unmarshal([]byte(arguments[0]), &read); err != nil {
		return read, fmt.Errorf("the settings are no JSON of the expected shape: %w", err)
	}
	if !filepath.IsAbs(read.Dir) {
		return read, fmt.Errorf("dir has to be an absolute path and is %q", read.Dir)
	}
	if len(read.Nodes) > 0 && !read.Isolated {
		return read, fmt.Errorf("nodes need a lab of its own: isolated is false")
	}
	return read, nil
}

func (s settings) argument() string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return string(text)
}

// state is where components keep what nobody else reads: a tmpfs of the lab when it is isolated, so that even a lab whose every
// process was killed leaves none of it behind.
func (s settings) state() string             { return filepath.Join(s.Dir, "state") }
func (s settings) pki(file string) string    { return filepath.Join(s.state(), "pki", file) }
func (s settings) logs() string              { return filepath.Join(s.Dir, "logs") }
func (s settings) log(name string) string    { return filepath.Join(s.logs(), name+".log") }
func (s settings) config(name string) string { return filepath.Join(s.state(), name+".conf") }
func (s settings) nodeIP(index int) string   { return fmt.Sprintf(nodeIPFormat, firstNode+index) }

// address is the API server's, as its components know it.
func (s settings) address() string {
	if s.Isolated {
		return controlPlaneIP
	}
	return "127.0.0.1"
}

func (s settings) insideServer() string {
	port := s.Port
	if s.Isolated {
		port = insidePort
	}
	return fmt.Sprintf("https://%s:%d", s.address(), port)
}

func (s settings) outsideServer() string { return fmt.Sprintf("https://127.0.0.1:%d", s.Port) }
