// control-plane is a real Kubernetes in one binary, for tests: the components of a control plane and of nodes, and `lab`, which runs
// them together in namespaces of their own. Each component is a process of its own, because feature gates and metrics are global.
package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	kcm "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

// programs are the lab's own; they answer how they ended.
var programs = map[string]func(arguments []string) error{
	"lab":    runLab,
	"inside": runInside,
}

// components are Kubernetes' own commands, made when asked for.
var components = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": kcm.NewControllerManagerCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
}

// A child's parent-death signal is sent when the *thread* ends that started it: main stays on its own.
func init() { runtime.LockOSThread() }

func usage() {
	var names []string
	for name := range programs {
		names = append(names, name)
	}
	for name := range components {
		names = append(names, name)
	}
	slices.Sort(names)
	fmt.Fprintf(os.Stderr, "usage: control-plane %s ...\n", strings.Join(names, "|"))
	os.Exit(2)
}

// The component is chosen before cobra sees the rest: the kubelet parses its own flags, and a parent command must not merge them.
func main() {
	if len(os.Args) < 2 {
		usage()
	}
	name := os.Args[1]
	if run, ok := programs[name]; ok {
		if err := run(os.Args[2:]); err != nil {
			fmt.Fprintf(os.Stderr, "control-plane %s: %v\n", name, err)
			os.Exit(1)
		}
		return
	}
	command, ok := components[name]
	if !ok {
		usage()
	}
	os.Args = append([]string{name}, os.Args[2:]...)
	os.Exit(cli.Run(command()))
}
