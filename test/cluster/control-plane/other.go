//go:build !linux

// Elsewhere there are no namespaces: a lab is a control plane on loopback, and nodes are refused.
package main

import (
	"errors"
	"os"
	"syscall"
)

func selfPath() string {
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

func dieWithParent(attributes *syscall.SysProcAttr) *syscall.SysProcAttr { return attributes }

func apart() *syscall.SysProcAttr { return nil }

func enterLab(settings) error { return errors.New("a lab of its own needs the namespaces of Linux") }

func startNodes(*lab) error { return errors.New("nodes are Linux only") }

func (l *lab) again(name string) error { return l.children.again(name) }

func removeCgroups(string) {}
