// First steps in namespaces of one's own: mounts that nobody outside sees, and orphans reaped.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// stateBytes bounds the lab's tmpfs; pages are used only as they are written.
const stateBytes = "size=8g"

func mount(kind, at string, flags uintptr, data string) error {
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount(kind, at, kind, flags, data); err != nil {
		return fmt.Errorf("%s cannot be mounted on %s: %w", kind, at, err)
	}
	return nil
}

// hideMounts: nothing mounted from here on is seen outside; /proc shows this pid namespace; each folder is an empty tmpfs.
func hideMounts(folders ...string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("mounts cannot be made private: %w", err)
	}
	if err := mount("proc", "/proc", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, ""); err != nil {
		return err
	}
	for _, folder := range folders {
		if err := mount("tmpfs", folder, 0, "mode=755,"+stateBytes); err != nil {
			return err
		}
	}
	return nil
}

func enterLab(set settings) error {
	if err := hideMounts(set.state(), "/run"); err != nil {
		return err
	}
	go reapOrphans()
	if err := syscall.Sethostname([]byte("control-plane")); err != nil {
		return err
	}
	return makeBridge()
}

// reapOrphans: whoever is first in a pid namespace gets the children of processes that ended, such as the runtime's shims.
func reapOrphans() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	for range ended {
		own.mutex.Lock()
		for _, pid := range zombieChildren() {
			if !own.pids[pid] {
				_, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
			}
		}
		own.mutex.Unlock()
	}
}

func zombieChildren() []int {
	var found []int
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		// PID (NAME) STATE PARENT ...: the name may hold anything, also a closing bracket.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) > 1 && fields[0] == "Z" && fields[1] == "1" {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
				found = append(found, pid)
			}
		}
	}
	return found
}
