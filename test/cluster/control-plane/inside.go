// `inside`: first process of a lab. Brings up the control plane and nodes, says on standard output when they are ready, one line of
// JSON, and then keeps them until one ends unasked.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

type lab struct {
	settings
	children *children
	client   *kubernetes.Clientset
	began    time.Time
}

type report struct {
	Kubeconfig string         `json:"kubeconfig"`
	Server     string         `json:"server"`
	Control    string         `json:"control"`
	Nodes      []nodeReport   `json:"nodes"`
	Millis     map[string]int `json:"millis"`
}

type nodeReport struct {
	Name string `json:"name"`
	IP   string `json:"ip"`
}

func runInside(arguments []string) error {
	set, err := parseSettings(arguments)
	if err != nil {
		return err
	}
	one := &lab{settings: set, children: newChildren(set.logs()), began: time.Now()}
	if set.Isolated {
		if err := enterLab(set); err != nil {
			return err
		}
	}
	etcd, err := one.startControlPlane()
	if etcd != nil {
		defer etcd.Close()
	}
	defer one.children.stopAll()
	if err != nil {
		return err
	}
	return one.serve()
}

func (l *lab) serve() error {
	millis := map[string]int{"controlPlane": l.sinceStart()}
	control := filepath.Join(l.Dir, "control.sock")
	if err := l.serveControl(control); err != nil {
		return err
	}
	if l.Isolated {
		if err := relayFrom(os.NewFile(3, "listener"), fmt.Sprintf("%s:%d", controlPlaneIP, insidePort)); err != nil {
			return err
		}
	}
	made := report{filepath.Join(l.Dir, "kubeconfig"), l.outsideServer(), control, []nodeReport{}, millis}
	if len(l.Nodes) > 0 {
		if err := startNodes(l); err != nil {
			return err
		}
		millis["nodes"] = l.sinceStart()
	}
	for index, name := range l.Nodes {
		made.Nodes = append(made.Nodes, nodeReport{name, l.nodeIP(index)})
	}
	if err := json.NewEncoder(os.Stdout).Encode(made); err != nil {
		return err
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGINT, syscall.SIGTERM)
	select {
	case err := <-l.children.failed:
		return err
	case <-asked:
		return nil
	}
}

func (l *lab) sinceStart() int { return int(time.Since(l.began).Milliseconds()) }

func clientOf(kubeconfig string) (*kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(config)
}

// until looks again and again; it gives up with the last error, or at once when a process of the lab has ended.
func (l *lab) until(what string, timeout time.Duration, look func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	for {
		err := look(ctx)
		if err == nil {
			return nil
		}
		select {
		case ended := <-l.children.failed:
			return ended
		case <-ctx.Done():
			return fmt.Errorf("%s: not within %v, last: %w (logs were in %s)", what, timeout, err, l.logs())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
