// Command kube is every Kubernetes server that the end-to-end tests need, linked once: the first argument, or the name
// the program was started under, chooses the component. One link instead of several saves both time and disk.
//
// It is test equipment and no part of the product. Package cluster builds and starts it.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	_ "time/tzdata" // CronJobs may name a time zone that this machine does not have

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"          // --logging-format=json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // client metrics, as the released binaries have them
	_ "k8s.io/component-base/metrics/prometheus/version"  // the version metric, likewise
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

// component makes the command of the named component, or answers nil. Another component is one more case: the
// scheduler, the kubelet and kube-proxy have a constructor of the same kind in their own app package.
func component(name string) *cobra.Command {
	switch name {
	case "kube-apiserver":
		return apiserver.NewAPIServerCommand()
	case "kube-controller-manager":
		return controllers.NewControllerManagerCommand()
	}
	return nil
}

func main() {
	if command := component(filepath.Base(os.Args[0])); command != nil {
		os.Exit(cli.Run(command))
	}
	if len(os.Args) > 1 {
		if command := component(os.Args[1]); command != nil {
			os.Args = os.Args[1:]
			os.Exit(cli.Run(command))
		}
	}
	fmt.Fprintln(os.Stderr, "kube: no such component; use: kube kube-apiserver|kube-controller-manager [flags]")
	os.Exit(2)
}
