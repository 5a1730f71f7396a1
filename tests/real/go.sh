#!/bin/sh
# about: go builds a server with its client, which run
# needs: go
# tier: slow
export GOFLAGS=-mod=mod GOPROXY=off GO111MODULE=off GOCACHE=$PWD/cache
cat >p.go <<'END'
package main
import ("fmt"; "io"; "net"; "net/http"; "sync")
func main() { l, _ := net.Listen("tcp", "127.0.0.1:0"); go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "got ", r.URL.Path) })); var g sync.WaitGroup; n := make([]string, 8); for i := range n { g.Add(1); go func(i int) { defer g.Done(); r, _ := http.Get(fmt.Sprintf("http://%s/%d", l.Addr(), i)); b, _ := io.ReadAll(r.Body); n[i] = string(b) }(i) }; g.Wait(); fmt.Println(n) }
END
go build -o p p.go && ./p; echo $?
