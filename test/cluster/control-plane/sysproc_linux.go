package main

import "syscall"

// selfPath works also where the file of this binary is hidden by a mount.
func selfPath() string { return "/proc/self/exe" }

func dieWithParent(attributes *syscall.SysProcAttr) *syscall.SysProcAttr {
	if attributes == nil {
		attributes = &syscall.SysProcAttr{}
	}
	attributes.Pdeathsig = syscall.SIGKILL
	return attributes
}

// apart: all namespaces that a lab or a node may have of its own. Cgroups stay the machine's: the kubelet is told its root in them.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS |
		syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC}
}
