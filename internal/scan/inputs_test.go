package scan

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/bartizan-dev/bartizan"
)

func TestMain(m *testing.M) {
	if handled, code := Sandbox(os.Args); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

func TestQuick(t *testing.T) {
	s, err := Inputs{Paths: []string{os.Getenv("P")}}.Source()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	s.Read(context.Background(), func(it bartizan.Item) error {
		if it.Gap != nil && !it.Gap.Skip {
			if n++; n < 40 {
				fmt.Println(it.Gap.Origin.File, it.Gap.Origin.Line, it.Gap.Reason)
			}
		}
		return nil
	})
	fmt.Printf("%+v %d\n", s.Counts(), n)
}

func BenchmarkWalk(b *testing.B) {
	for range b.N {
		s, err := Inputs{Paths: []string{"/work/shared/data/manifests"}}.Source()
		if err != nil {
			b.Fatal(err)
		}
		s.Read(context.Background(), func(it bartizan.Item) error { return nil })
		s.Close()
	}
}
