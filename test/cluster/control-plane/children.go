// The processes of a lab, by name: started, ended and started again on order. One that ends unasked ends the lab.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

// endWithin is how long a process may take to end when asked to; then it is killed.
const endWithin = 5 * time.Second

type child struct {
	name    string
	make    func() *exec.Cmd
	running *exec.Cmd
	gone    chan struct{}
	asked   bool
}

type children struct {
	logs   string
	mutex  sync.Mutex
	byName map[string]*child
	order  []string
	failed chan error
}

func newChildren(logs string) *children {
	return &children{logs: logs, byName: map[string]*child{}, failed: make(chan error, 16)}
}

// start runs what make makes, its output in NAME.log.
func (c *children) start(name string, make func() *exec.Cmd) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	one := c.byName[name]
	if one == nil {
		one = &child{name: name, make: make}
		c.byName[name] = one
		c.order = append(c.order, name)
	}
	return c.run(one)
}

// startSelf runs a sub-command of this binary.
func (c *children) startSelf(name string, arguments ...string) error {
	return c.start(name, func() *exec.Cmd { return selfCommand(arguments...) })
}

func (c *children) run(one *child) error {
	log, err := os.OpenFile(filepath.Join(c.logs, one.name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	command := one.make()
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = dieWithParent(command.SysProcAttr)
	if err := own.start(command); err != nil {
		return fmt.Errorf("%s cannot be started: %w", one.name, err)
	}
	one.running, one.gone, one.asked = command, make(chan struct{}), false
	go c.wait(one, command, one.gone)
	return nil
}

func (c *children) wait(one *child, command *exec.Cmd, gone chan struct{}) {
	err := command.Wait()
	own.remove(command.Process.Pid)
	c.mutex.Lock()
	asked := one.asked
	c.mutex.Unlock()
	close(gone)
	if !asked {
		c.failed <- fmt.Errorf("%s ended by itself (%v): %s", one.name, err, lastLines(filepath.Join(c.logs, one.name+".log")))
	}
}

func (c *children) named(name string) (*child, error) {
	if one := c.byName[name]; one != nil {
		return one, nil
	}
	return nil, fmt.Errorf("there is no %s; there are: %v", name, c.order)
}

// stop answers when the process is gone. With SIGKILL it is not asked first.
func (c *children) stop(name string, signal syscall.Signal) error {
	c.mutex.Lock()
	one, err := c.named(name)
	if err != nil {
		c.mutex.Unlock()
		return err
	}
	one.asked = true
	running, gone := one.running, one.gone
	c.mutex.Unlock()
	_ = running.Process.Signal(signal)
	select {
	case <-gone:
	case <-time.After(endWithin):
		_ = running.Process.Kill()
		<-gone
	}
	return nil
}

// again starts a process that was stopped; one that runs is left alone.
func (c *children) again(name string) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	one, err := c.named(name)
	if err != nil {
		return err
	}
	select {
	case <-one.gone:
		return c.run(one)
	default:
		return nil
	}
}

func (c *children) pidOf(name string) (int, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	one, err := c.named(name)
	if err != nil {
		return 0, err
	}
	return one.running.Process.Pid, nil
}

// stopAll: the last one started is the first to end.
func (c *children) stopAll() {
	c.mutex.Lock()
	names := slices.Clone(c.order)
	c.mutex.Unlock()
	slices.Reverse(names)
	for _, name := range names {
		_ = c.stop(name, syscall.SIGTERM)
	}
}

// lastLines are enough of a log to see why its process ended.
func lastLines(path string) string {
	const limitBytes = 3_000
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-limitBytes):])
}
