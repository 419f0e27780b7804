// `lab`: stays outside of the lab as its keeper. It starts it, ends it when whoever started the keeper is gone (its standard input
// closes, however that process ended), and removes what namespaces do not take with them: the folder and cgroups.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
)

const folderPattern = "api-defense-lab-*"

func runLab(arguments []string) error {
	set, err := parseSettings(arguments)
	if err != nil {
		return err
	}
	removeOrphans(filepath.Dir(set.Dir))
	if err := os.MkdirAll(set.logs(), 0o700); err != nil {
		return err
	}
	lock, err := lockFolder(set.Dir)
	if err != nil {
		return fmt.Errorf("%s belongs to a lab that runs: %w", set.Dir, err)
	}
	defer lock.Close()
	defer removeLab(set.Dir)
	inside, err := startInside(&set)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- inside.Wait() }()
	select {
	case err := <-ended:
		return fmt.Errorf("the lab ended by itself: %w", err)
	case <-askedToEnd():
	}
	return end(inside, ended, set.Isolated)
}

// askedToEnd: nothing is ever written to standard input, it only closes.
func askedToEnd() <-chan os.Signal {
	asked := make(chan os.Signal, 2)
	signal.Notify(asked, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		asked <- syscall.SIGHUP
	}()
	return asked
}

// end: with the first process of a pid namespace all others in it are killed, and nothing in a lab has to be kept. A lab that shares
// the machine's namespaces ends its processes one by one.
func end(inside *exec.Cmd, ended <-chan error, isolated bool) error {
	signal := syscall.SIGTERM
	if isolated {
		signal = syscall.SIGKILL
	}
	_ = inside.Process.Signal(signal)
	<-ended
	return nil
}

// startInside: the listener is made here, in the machine's network, and handed to the lab, which answers on it from its own network.
// So one port on loopback is all that the machine sees of it: no interface, address, route or rule.
func startInside(set *settings) (*exec.Cmd, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	set.Port = listener.Addr().(*net.TCPAddr).Port
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	command := selfCommand("inside", set.argument())
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if set.Isolated {
		command.SysProcAttr = apart()
		command.ExtraFiles = []*os.File{file}
	} else {
		// The API server takes the port itself, so it has to be free again.
		file.Close()
		listener.Close()
	}
	command.SysProcAttr = dieWithParent(command.SysProcAttr)
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("the lab's namespaces cannot be made (root, or CAP_SYS_ADMIN and CAP_NET_ADMIN are needed): %w", err)
	}
	return command, nil
}

// lockFolder holds a lock for as long as the process lives: a folder without one is nobody's.
func lockFolder(dir string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// removeOrphans: of labs whose keeper was killed, which had no time to do it.
func removeOrphans(parent string) {
	folders, _ := filepath.Glob(filepath.Join(parent, folderPattern))
	for _, folder := range folders {
		if _, err := os.Stat(filepath.Join(folder, "lock")); err != nil {
			continue // about to be a lab's
		}
		if lock, err := lockFolder(folder); err == nil {
			removeLab(folder)
			lock.Close()
		}
	}
}

func removeLab(dir string) {
	removeCgroups(filepath.Base(dir))
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintf(os.Stderr, "%s could not be removed: %v\n", dir, err)
	}
}
