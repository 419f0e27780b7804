// The way from the machine to the API server: connections come in on a listener of the machine's network and go on in the lab's.
package main

import (
	"io"
	"net"
	"os"
)

func relayFrom(file *os.File, to string) error {
	listener, err := net.FileListener(file)
	if err != nil {
		return err
	}
	file.Close()
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go relay(connection.(*net.TCPConn), to)
		}
	}()
	return nil
}

// relay: when the API server is not there, the client sees its connection reset, as if nobody listened.
func relay(client *net.TCPConn, to string) {
	defer client.Close()
	dialled, err := net.Dial("tcp4", to)
	if err != nil {
		_ = client.SetLinger(0)
		return
	}
	server := dialled.(*net.TCPConn)
	defer server.Close()
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.CloseWrite()
		close(done)
	}()
	_, _ = io.Copy(client, server)
	_ = client.CloseWrite()
	<-done
}
