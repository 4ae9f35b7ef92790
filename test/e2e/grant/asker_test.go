package grant

import (
	"bufio"
	"context"
	"encoding/gob"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/bartizan-dev/bartizan/test/e2e/gobuild"
)

// The types that the product's asker (internal/grant/testdata/asker) speaks; see there.
type (
	batch struct {
		World                       string
		Complete, Pods, NoBootstrap bool
		Questions                   []question
	}
	question struct {
		Op     string
		User   string
		Groups []string

		Verb, Group, Resource, Subresource, Namespace, Name, Path string

		Rules              []rule
		RoleKind, RoleName string
		Create, Aggregates bool
		TargetUser         string
		TargetGroups       []string
	}
	rule struct {
		Verbs, APIGroups, Resources, ResourceNames, NonResourceURLs []string
	}
	reply struct {
		Verdicts []string
		Reasons  []string
	}
)

// asker is the product, as a process of its own: it is another module.
type asker struct {
	t   testing.TB
	enc *gob.Encoder
	dec *gob.Decoder
	out *bufio.Writer
}

// startAsker builds and starts the asker, and ends it with the test.
func startAsker(t testing.TB) *asker {
	t.Helper()
	ctx, cancel := gobuild.Context(t)
	t.Cleanup(cancel)
	env, err := gobuild.Look(ctx)
	gobuild.Check(t, err)
	program := gobuild.Program{Dir: env.Product(), Package: "./internal/grant/testdata/asker", Output: filepath.Join(t.TempDir(), "asker")}
	gobuild.Check(t, program.Build(ctx))
	cmd := exec.CommandContext(context.WithoutCancel(ctx), program.Output) // the test's context ends before the clean-up
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil && !t.Failed() {
			t.Errorf("the asker: %v", err)
		}
	})
	w := bufio.NewWriterSize(in, 1<<20)
	return &asker{t: t, enc: gob.NewEncoder(w), out: w, dec: gob.NewDecoder(bufio.NewReaderSize(out, 1<<20))}
}

// ask asks a batch of questions.
func (a *asker) ask(b batch) reply {
	a.t.Helper()
	var r reply
	err := a.enc.Encode(b)
	if err == nil {
		err = a.out.Flush()
	}
	if err == nil {
		err = a.dec.Decode(&r)
	}
	if err != nil {
		a.t.Fatalf("asking the product: %v", err)
	}
	if len(r.Verdicts) != len(b.Questions) {
		a.t.Fatalf("%d answers to %d questions", len(r.Verdicts), len(b.Questions))
	}
	return r
}

// worldOf writes objects as one List.
func worldOf(t testing.TB, objects ...runtime.Object) string {
	t.Helper()
	items := make([]json.RawMessage, 0, len(objects))
	for _, o := range objects {
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, text)
	}
	return listOf(t, items)
}

func listOf(t testing.TB, items []json.RawMessage) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func rulesOf(in []rbacv1.PolicyRule) []rule {
	var out []rule
	for _, r := range in {
		out = append(out, rule{r.Verbs, r.APIGroups, r.Resources, r.ResourceNames, r.NonResourceURLs})
	}
	return out
}
