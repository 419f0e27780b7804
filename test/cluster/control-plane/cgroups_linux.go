// Cgroups of nodes: the only trace of a lab that no namespace takes along. One folder a lab, under it one a node.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const cgroupRoot = "/sys/fs/cgroup"

// hierarchies: the one of version 2, or each controller's of version 1.
func hierarchies() []string {
	if _, err := os.Stat(filepath.Join(cgroupRoot, "cgroup.controllers")); err == nil {
		return []string{cgroupRoot}
	}
	procs, _ := filepath.Glob(filepath.Join(cgroupRoot, "*", "cgroup.procs"))
	var found []string
	for _, file := range procs {
		found = append(found, filepath.Dir(file))
	}
	return found
}

// makeCgroups: LAB/NODE in each hierarchy, usable by a kubelet.
func makeCgroups(lab, node string) error {
	for _, root := range hierarchies() {
		at := root
		for _, name := range []string{lab, node} {
			if err := delegate(at); err != nil {
				return err
			}
			next := filepath.Join(at, name)
			if err := os.MkdirAll(next, 0o755); err != nil {
				return err
			}
			if err := inheritCPUs(at, next); err != nil {
				return err
			}
			at = next
		}
		if err := delegate(at); err != nil {
			return err
		}
	}
	return nil
}

// delegate (version 2): children get no controller that is not handed down.
func delegate(at string) error {
	available, err := os.ReadFile(filepath.Join(at, "cgroup.controllers"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, controller := range strings.Fields(string(available)) {
		file := filepath.Join(at, "cgroup.subtree_control")
		if err := os.WriteFile(file, []byte("+"+controller), 0o644); err != nil && controller != "rdma" && controller != "misc" {
			return fmt.Errorf("the cgroup controller %s cannot be handed down in %s: %w", controller, at, err)
		}
	}
	return nil
}

// inheritCPUs (version 1): a new cpuset is empty, and nothing can run in it.
func inheritCPUs(from, to string) error {
	if _, err := os.Stat(filepath.Join(from, "cgroup.controllers")); err == nil {
		return nil
	}
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		value, err := os.ReadFile(filepath.Join(from, file))
		if err != nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(to, file), value, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// removeCgroups: folders can be removed from the innermost out, once the last process in them is gone.
func removeCgroups(lab string) {
	deadline := time.Now().Add(10 * time.Second)
	for _, root := range hierarchies() {
		top := filepath.Join(root, lab)
		for {
			var folders []string
			_ = filepath.WalkDir(top, func(path string, entry os.DirEntry, err error) error {
				if err == nil && entry.IsDir() {
					folders = append(folders, path)
				}
				return nil
			})
			if len(folders) == 0 {
				break
			}
			for index := len(folders) - 1; index >= 0; index-- {
				_ = syscall.Rmdir(folders[index])
			}
			if time.Now().After(deadline) {
				fmt.Fprintf(os.Stderr, "cgroups in %s are still in use and stay\n", top)
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}
