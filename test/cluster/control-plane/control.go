// What tests may ask of a lab while it runs: a line of JSON in, a line of JSON out, on a socket in its folder. A socket file is reached
// from any network namespace.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

type order struct {
	Do   string `json:"do"`
	Name string `json:"name"`
}

type answer struct {
	Error string `json:"error,omitempty"`
	// Pid is in the lab's own pid namespace when it has one.
	Pid int `json:"pid,omitempty"`
}

func (l *lab) obey(o order) (answer, error) {
	switch o.Do {
	case "stop":
		return answer{}, l.children.stop(o.Name, syscall.SIGTERM)
	case "kill":
		return answer{}, l.children.stop(o.Name, syscall.SIGKILL)
	case "start":
		return answer{}, l.again(o.Name)
	case "pid":
		pid, err := l.children.pidOf(o.Name)
		return answer{Pid: pid}, err
	default:
		return answer{}, fmt.Errorf("a lab can stop, kill, start and tell the pid of a process; it cannot %q", o.Do)
	}
}

func (l *lab) serveControl(path string) error {
	listener, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("the control socket cannot be made (its path may have 107 bytes and has %d): %w", len(path), err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go l.talk(connection)
		}
	}()
	return nil
}

func (l *lab) talk(connection io.ReadWriteCloser) {
	defer connection.Close()
	read, write := json.NewDecoder(connection), json.NewEncoder(connection)
	for {
		var o order
		if err := read.Decode(&o); err != nil {
			return
		}
		made, err := l.obey(o)
		if err != nil {
			made.Error = err.Error()
		}
		if err := write.Encode(made); err != nil {
			return
		}
	}
}
