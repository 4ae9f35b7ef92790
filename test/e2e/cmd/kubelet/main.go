// Command kubelet is the kubelet of the node that package node starts. It is a program of its own, not one more part of
// command kube, because most tests need no node.
//
// It is test equipment and no part of the product. Package cluster builds it.
package main

import (
	"context"
	"os"

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"          // --logging-format=json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // client metrics, as the released binary has them
	_ "k8s.io/component-base/metrics/prometheus/version"  // the version metric, likewise
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

func main() {
	os.Exit(cli.Run(kubelet.NewKubeletCommand(context.Background()))) // it sets up signals itself
}
