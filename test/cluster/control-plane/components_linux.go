// What runs on Linux only: a node's components, and the programs that are first in their namespaces.
package main

import (
	"context"

	"github.com/spf13/cobra"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

func init() {
	// A context with a signal handler would make the kubelet panic: it makes its own.
	components["kubelet"] = func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) }
	components["kube-proxy"] = proxy.NewProxyCommand
	programs["coredns"] = runDNS
	programs["node"] = runNode
}
