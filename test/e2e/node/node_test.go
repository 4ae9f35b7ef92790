package node_test

import (
	"os"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
	"github.com/bartizan-dev/bartizan/test/e2e/node"
	"github.com/bartizan-dev/bartizan/test/e2e/product"
)

var control = cluster.Share(cluster.Hardened, node.Options()...)

func TestMain(m *testing.M) {
	code := node.Main(m)
	control.Stop()
	os.Exit(code)
}

var (
	once  sync.Once
	built product.Binary
)

// binary is the product, built once.
func binary(t *testing.T) product.Binary {
	t.Helper()
	once.Do(func() { built = product.Build(t) })
	if built == "" {
		t.Fatal("the product could not be built: see the first test that needed it")
	}
	return built
}

// work is a pod that waits.
func work(namespace, name string) *corev1.Pod {
	none := int64(0)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: &none,
			Containers:                    []corev1.Container{{Name: "main", Image: node.WorkImage, ImagePullPolicy: corev1.PullNever}},
		},
	}
}
