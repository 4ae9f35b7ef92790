// Command prepare builds the servers of the end-to-end tests ahead of time, without the time limit of a test, and
// prints the directories they are in. Run it from test/e2e; it does nothing when they are built already.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	build := []func(context.Context) (cluster.Binaries, error){cluster.Prepare}
	if os.Geteuid() == 0 { // nobody else can start a node
		build = append(build, cluster.PrepareNode)
	}
	for _, prepare := range build {
		binaries, err := prepare(ctx)
		if err != nil {
			fmt.Fprintln(os.Stderr, "prepare:", err)
			os.Exit(1)
		}
		fmt.Println(binaries.Dir)
	}
}
