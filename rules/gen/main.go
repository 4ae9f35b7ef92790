// Command gen writes rules/zz_go.go, the list of the built-in rules that are written in Go. It runs in
// rules/ by "go generate ./rules"; a test beside it fails when the list is stale. Rules that are .rule
// files need no list: they are embedded.
package main

import (
	"fmt"
	"os"
)

const output = "zz_go.go"

func main() {
	text, err := generate(os.DirFS("."))
	if err == nil {
		err = os.WriteFile(output, text, 0o644)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "list the rules written in Go: %v\n", err)
		os.Exit(1)
	}
}
