// Which processes this one has started itself and will wait for: all others that end up with it are orphans, to be reaped by whoever
// is first in a pid namespace.
package main

import (
	"os"
	"os/exec"
	"sync"
)

type ownProcesses struct {
	mutex sync.Mutex
	pids  map[int]bool
}

var own = &ownProcesses{pids: map[int]bool{}}

// start holds the lock meanwhile, so that a process that ends at once is not taken for an orphan.
func (o *ownProcesses) start(command *exec.Cmd) error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if err := command.Start(); err != nil {
		return err
	}
	o.pids[command.Process.Pid] = true
	return nil
}

func (o *ownProcesses) remove(pid int) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	delete(o.pids, pid)
}

// run starts a command and waits for it.
func (o *ownProcesses) run(command *exec.Cmd) error {
	if err := o.start(command); err != nil {
		return err
	}
	defer o.remove(command.Process.Pid)
	return command.Wait()
}

// selfCommand is a sub-command of this binary.
func selfCommand(arguments ...string) *exec.Cmd {
	command := exec.Command(selfPath(), arguments...)
	command.Args[0] = "control-plane"
	command.Env = os.Environ()
	return command
}
