package sandbox

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be its own sandbox.
func TestMain(m *testing.M) {
	if handled, code := Main(os.Args, testJobs()); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

func testJobs() map[string]Job {
	return map[string]Job{
		"echo": func(b []byte, _ Ask) ([]byte, error) { return b, nil },
		"fail": func([]byte, Ask) ([]byte, error) { return nil, errors.New("no such thing") },
		"panic": func([]byte, Ask) ([]byte, error) {
			var m map[string]int
			m["x"] = 1
			return nil, nil
		},
		"spin": func([]byte, Ask) ([]byte, error) {
			for n := uint64(0); ; n++ {
			}
		},
		"sleep": func([]byte, Ask) ([]byte, error) { time.Sleep(time.Hour); return nil, nil },
		"hoard": func([]byte, Ask) ([]byte, error) {
			var all [][]byte
			for {
				b := make([]byte, 1<<20)
				for i := range b {
					b[i] = byte(i)
				}
				all = append(all, b)
			}
		},
		"leap": func([]byte, Ask) ([]byte, error) {
			return []byte(strings.Repeat("x", 4<<30)), nil
		},
		"dive": func([]byte, Ask) ([]byte, error) {
			var dive func(n [64]int) int
			dive = func(n [64]int) int { n[0]++; return dive(n) + n[1] }
			dive([64]int{})
			return nil, nil
		},
		"much":  func([]byte, Ask) ([]byte, error) { return make([]byte, 2<<20), nil },
		"print": func(b []byte, _ Ask) ([]byte, error) { os.Stdout.WriteString("hello"); return b, nil },
		"exit":  func([]byte, Ask) ([]byte, error) { os.Exit(0); return nil, nil },
		"ask": func(b []byte, ask Ask) ([]byte, error) {
			var out []byte
			for range 3 {
				a, err := ask(b)
				if err != nil {
					return nil, err
				}
				out = append(out, a...)
			}
			return out, nil
		},
		"env": func([]byte, Ask) ([]byte, error) { return []byte(strings.Join(os.Environ(), " ")), nil },
		"dial": func(b []byte, _ Ask) ([]byte, error) {
			c, err := net.DialTimeout("tcp", string(b), time.Second)
			if err != nil {
				return nil, err
			}
			return []byte("connected"), c.Close()
		},
	}
}

func TestAnswers(t *testing.T) {
	t.Setenv("BARTIZAN_TEST_SECRET", "swordfish")
	p := &Process{}
	defer p.Close()
	for _, c := range []struct{ job, in, out, err string }{
		{"echo", "hello", "hello", ""},
		{"print", "hello", "hello", ""},
		{"fail", "", "", "no such thing"},
		{"panic", "", "", "the renderer panicked: assignment to entry in nil map"},
		{"nothing", "", "", `there is no job "nothing"`},
		{"ask", "a", "aaaaaa", ""},
		{"ask", "refuse", "", "not that"},
		{"env", "", "TZ=UTC BARTIZAN_SANDBOX=1", ""},
		{"much", "", "", "the output has more than 1 MiB"},
	} {
		out, err := p.Do(t.Context(), c.job, []byte(c.in), Limits{Answer: 1 << 20}, func(q []byte) ([]byte, error) {
			if string(q) == "refuse" {
				return nil, errors.New("not that")
			}
			return append(q, q...), nil
		})
		if string(out) != c.out || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%s(%s) = %q, %v; want %q, %s", c.job, c.in, out, err, c.out, c.err)
		}
	}
}

// TestLimits breaks each limit, and sees to it that the next job is served as if nothing had been.
func TestLimits(t *testing.T) {
	p := &Process{}
	defer p.Close()
	lim := Limits{CPU: 200 * time.Millisecond, Wall: 20 * time.Second, Memory: 64 << 20}
	for _, c := range []struct {
		job string
		lim Limits
		err string
	}{
		{"spin", lim, "it needed more than 200ms of processor time and was stopped"},
		{"sleep", Limits{Wall: 100 * time.Millisecond}, "it did not end within 100ms and was stopped"},
		{"hoard", Limits{Memory: 64 << 20, CPU: 10 * time.Second}, "it needed more than 64 MiB of memory and was stopped"},
		{"leap", Limits{Memory: 64 << 20, CPU: 10 * time.Second}, "it needed more than 64 MiB of memory and was stopped"},
		{"dive", Limits{CPU: 10 * time.Second}, "it called itself too deeply and was stopped"},
	} {
		start := time.Now()
		_, err := p.Do(t.Context(), c.job, nil, c.lim, nil)
		var limit *ErrLimit
		// Which bound a deep recursion meets first depends on the build: memory, with the race detector.
		if !errors.As(err, &limit) || err.Error() != c.err && c.job != "dive" {
			t.Errorf("%s: %v; want %s", c.job, err, c.err)
		}
		if took := time.Since(start); took > 60*time.Second {
			t.Errorf("%s took %v", c.job, took)
		}
		if out, err := p.Do(t.Context(), "echo", []byte("again"), Limits{}, nil); string(out) != "again" {
			t.Errorf("after %s: %q, %v", c.job, out, err)
		}
	}
	if _, err := p.Do(t.Context(), "exit", nil, Limits{}, nil); err == nil || !strings.Contains(err.Error(), "ended") {
		t.Errorf("exit: %v", err)
	}
}

func TestCancel(t *testing.T) {
	p := &Process{}
	defer p.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := p.Do(ctx, "sleep", nil, Limits{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestNoNetwork(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	p := &Process{}
	defer p.Close()
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	if p.cmd.SysProcAttr == nil || !isolated(p.cmd) {
		t.Skip("the system does not let this process make a network of its own")
	}
	out, err := p.Do(t.Context(), "dial", []byte(l.Addr().String()), Limits{}, nil)
	if err == nil {
		t.Errorf("dial: %q: the sandbox has a network", out)
	}
}

// TestNotItself: a program that forgets Main must not start itself without end.
func TestNotItself(t *testing.T) {
	t.Setenv(mark, "1")
	p := &Process{}
	if _, err := p.Do(t.Context(), "echo", nil, Limits{}, nil); err == nil || !strings.Contains(err.Error(), "main function") {
		t.Errorf("in a sandbox: %v", err)
	}
}

// TestOrphan: the sub-process ends when its parent is gone, whatever it does.
func TestOrphan(t *testing.T) {
	self, err := executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, Argument)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	writeFrame(in, frameJob, []byte(`{"Job":"sleep","Limits":{"Wall":3600000000000,"CPU":3600000000000,"Memory":100000000}}`), []byte{'\n'})
	in.Close()
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		var e *exec.ExitError
		if !errors.As(err, &e) || e.ExitCode() != exitOrphaned {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		cmd.Process.Kill()
		t.Error("still runs without a parent")
	}
}

func FuzzReadFrame(f *testing.F) {
	var b bytes.Buffer
	writeFrame(&b, frameJob, []byte("x"))
	f.Add(b.Bytes())
	f.Add([]byte{'J', 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, in []byte) {
		fr, err := readFrame(bytes.NewReader(in), 1<<10)
		if err == nil && len(fr.body) > 1<<10 {
			t.Errorf("frame of %d bytes", len(fr.body))
		}
		var head call
		if n, ok := header(fr, &head); ok && n > len(fr.body) {
			t.Errorf("request begins at %d of %d", n, len(fr.body))
		}
	})
}

func BenchmarkStart(b *testing.B) {
	for range b.N {
		p := &Process{}
		if _, err := p.Do(b.Context(), "echo", nil, Limits{}, nil); err != nil {
			b.Fatal(err)
		}
		p.Close()
	}
}
