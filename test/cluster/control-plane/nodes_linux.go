// Nodes as the lab sees them: started, connected, ready; and routes to their pods, which follow the Node objects because a node that
// registers again may get another range.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

const nodesTimeout = 180 * time.Second

// nodeSettings are what `node` is told.
type nodeSettings struct {
	settings
	Name  string `json:"name"`
	Index int    `json:"index"`
}

func startNodes(l *lab) error {
	for index, name := range l.Nodes {
		if err := l.startNode(index, name); err != nil {
			return err
		}
	}
	if err := l.followNodes(); err != nil {
		return err
	}
	if err := l.startDNS(); err != nil {
		return err
	}
	return l.until("nodes being ready", nodesTimeout, l.allReady)
}

func (l *lab) startNode(index int, name string) error {
	told, err := json.Marshal(nodeSettings{l.settings, name, index})
	if err != nil {
		return err
	}
	if err := l.children.start(name, func() *exec.Cmd {
		command := selfCommand("node", string(told))
		command.SysProcAttr = apart()
		return command
	}); err != nil {
		return err
	}
	pid, err := l.children.pidOf(name)
	if err != nil {
		return err
	}
	return connectNode(name, pid)
}

// again starts a node that was stopped, with a cable of its own: the old one went with its namespace.
func (l *lab) again(name string) error {
	if err := l.children.again(name); err != nil {
		return err
	}
	for _, node := range l.Nodes {
		if node != name {
			continue
		}
		pid, err := l.children.pidOf(name)
		if err != nil {
			return err
		}
		return connectNode(name, pid)
	}
	return nil
}

// followNodes sets routes for as long as the lab lives: in the lab's namespace, where the API server is, and in every other node's.
func (l *lab) followNodes() error {
	known := map[string]route{}
	follow := func(object any) {
		if node, ok := object.(*core.Node); ok {
			l.setRoutes(node, known)
		}
	}
	informer := informers.NewSharedInformerFactory(l.client, 2*time.Second).Core().V1().Nodes().Informer()
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: follow, UpdateFunc: func(_, after any) { follow(after) },
	})
	if err != nil {
		return err
	}
	go informer.Run(context.Background().Done())
	return nil
}

// setRoutes says in the log what it could not do; it is called again every two seconds.
func (l *lab) setRoutes(node *core.Node, known map[string]route) {
	after := route{node.Spec.PodCIDR, internalIP(node)}
	if after.podCIDR == "" || after.via == "" {
		return
	}
	before := known[node.Name]
	known[node.Name] = after
	places := map[string]int{"the lab": 0}
	for _, other := range l.Nodes {
		if pid, err := l.children.pidOf(other); err == nil && other != node.Name {
			places[other] = pid
		}
	}
	for place, pid := range places {
		if err := setRoute(pid, before, after); err != nil {
			fmt.Printf("route in %s to %v: %v\n", place, after, err)
		}
	}
}

func internalIP(node *core.Node) string {
	for _, address := range node.Status.Addresses {
		if address.Type == core.NodeInternalIP {
			return address.Address
		}
	}
	return ""
}

func isReady(node *core.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == core.NodeReady {
			return condition.Status == core.ConditionTrue
		}
	}
	return false
}

func (l *lab) allReady(ctx context.Context) error {
	listed, err := l.client.CoreV1().Nodes().List(ctx, listOptions)
	if err != nil {
		return err
	}
	ready := 0
	for index := range listed.Items {
		if isReady(&listed.Items[index]) {
			ready++
		}
	}
	if ready < len(l.Nodes) {
		return errors.New(fmt.Sprint(ready, " of ", len(l.Nodes), " nodes are ready"))
	}
	return nil
}
