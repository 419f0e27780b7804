// An upstream of another make for the differential test: what Go's net/http understood of each connection, as JSON lines.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
)

type connectionKey struct{}

type seen struct {
	Lane       int    `json:"lane"`
	Connection int    `json:"connection"`
	Method     string `json:"method"`
	Target     string `json:"target"`
	Host       string `json:"host"`
	// -1 when the body did not end well.
	Body int64 `json:"body"`
}

var (
	output sync.Mutex
	open   sync.WaitGroup
	total  atomic.Int64
)

func report(line any) {
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	output.Lock()
	defer output.Unlock()
	fmt.Println(string(text))
}

func serve(lane int, listener net.Listener) {
	next := 0
	server := &http.Server{
		DisableGeneralOptionsHandler: true,
		// Called in the order in which connections are accepted.
		ConnContext: func(parent context.Context, _ net.Conn) context.Context {
			number := next
			next++
			total.Add(1)
			return context.WithValue(parent, connectionKey{}, number)
		},
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				open.Add(1)
			case http.StateClosed, http.StateHijacked:
				open.Done()
			}
		},
		Handler: http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
			number, _ := request.Context().Value(connectionKey{}).(int)
			length, err := io.Copy(io.Discard, request.Body)
			if err != nil {
				length = -1
			}
			report(seen{lane, number, request.Method, request.RequestURI, request.Host, length})
			answer.Header().Set("Content-Length", "2")
			_, _ = answer.Write([]byte("ok"))
		}),
	}
	_ = server.Serve(listener)
}

func main() {
	lanes, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	for lane := 0; lane < lanes; lane++ {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		report(map[string]int{"lane": lane, "port": listener.Addr().(*net.TCPAddr).Port})
		go serve(lane, listener)
	}
	// A line on stdin asks for a mark: all connections accepted so far have ended, and everything about them is reported.
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		open.Wait()
		report(map[string]int64{"settled": total.Load()})
	}
}
