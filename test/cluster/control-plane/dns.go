//go:build linux

// CoreDNS with the plugins that a cluster's own names need. Nothing is forwarded out of the lab.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/hosts"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/rewrite"
	_ "github.com/coredns/coredns/plugin/template"
)

// runDNS: a plugin has to be named here as well as imported, in the order in which a question passes them.
func runDNS(arguments []string) error {
	dnsserver.Directives = []string{
		"bind", "errors", "health", "ready", "rewrite", "cache", "template", "hosts", "kubernetes",
	}
	caddy.Quiet = true
	os.Args = append([]string{"coredns"}, arguments...)
	coremain.Run()
	return nil
}

// writeCorefile answers names of the cluster, and names outside of it from the file `hosts`, which tests may write.
func writeCorefile(set settings) (string, error) {
	hosts := filepath.Join(set.Dir, "dns-hosts")
	if err := os.WriteFile(hosts, nil, 0o644); err != nil {
		return "", err
	}
	path := filepath.Join(set.state(), "Corefile")
	text := fmt.Sprintf(`.:53 {
  bind %s
  errors
  ready %s:8181
  cache 5
  hosts %s {
    reload 1s
    ttl 1
    fallthrough
  }
  kubernetes cluster.local in-addr.arpa {
    kubeconfig %s test
    pods insecure
  }
}
`, controlPlaneIP, controlPlaneIP, hosts, set.config("lab"))
	return path, os.WriteFile(path, []byte(text), 0o644)
}
