// Command prepare builds the servers of the end-to-end tests ahead of time, without the time limit of a test, and
// prints the directory they are in. Run it from test/e2e; it does nothing when they are built already.
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
	binaries, err := cluster.Prepare(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "prepare:", err)
		os.Exit(1)
	}
	fmt.Println(binaries.Dir)
}
