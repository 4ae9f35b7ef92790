package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan/internal/source/audit"
	"github.com/bartizan-dev/bartizan/internal/watch"
)

// webhookFlags say how events are received.
type webhookFlags struct {
	address, cert, key, ca string
	anyClient, plain       bool
	spool                  string
	size                   int64
}

func (f *webhookFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.address, "audit-webhook", "", "receive what API servers send (--audit-webhook-config-file) on this address; the path of their URL names them")
	fl.StringVar(&f.cert, "tls-cert", "", "the webhook's certificate, in PEM")
	fl.StringVar(&f.key, "tls-key", "", "the key of the webhook's certificate, in PEM")
	fl.StringVar(&f.ca, "client-ca", "", "authorities of the API servers' client certificates, in PEM")
	fl.BoolVar(&f.anyClient, "no-client-cert", false, "let everybody who reaches the webhook send events: they can then make up alerts")
	fl.BoolVar(&f.plain, "plain-http", false, "serve the webhook without TLS; on a loopback address only")
	fl.StringVar(&f.spool, "spool", "", "directory for events that were received and not judged yet (default: spool in the directory of --state)")
	fl.Int64Var(&f.size, "spool-size", 1024, "how much the spool may hold, in MiB; then API servers are asked to send later")
}

// open checks the flags and listens.
func (f *webhookFlags) open() (*audit.Webhook, net.Listener, error) {
	w := &audit.Webhook{Cert: f.cert, Key: f.key, ClientCA: f.ca}
	host, _, err := net.SplitHostPort(f.address)
	switch {
	case err != nil:
		return nil, nil, usage("--audit-webhook %s: name an address and a port, as :9443", f.address)
	case f.plain && f.cert+f.key+f.ca != "":
		return nil, nil, usage("--plain-http serves without TLS: leave out --tls-cert, --tls-key and --client-ca, or leave out --plain-http")
	case f.plain:
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return nil, nil, usage("--plain-http is for a loopback address only: others could read the events and make some up")
		}
	case f.cert == "" || f.key == "":
		return nil, nil, usage("--audit-webhook needs --tls-cert and --tls-key (or --plain-http on a loopback address)")
	case f.ca == "" && !f.anyClient:
		return nil, nil, usage("--audit-webhook needs --client-ca, so that only API servers can send events (or --no-client-cert)")
	}
	if f.size < 1 {
		return nil, nil, usage("--spool-size is at least 1 MiB")
	}
	listener, err := net.Listen("tcp", f.address)
	if err != nil {
		return nil, nil, &exitError{exitIncomplete, fmt.Errorf("listen for audit events: %w", err)}
	}
	return w, listener, nil
}

// inputs opens what is to be read. What it returns closes it.
func (f *watchFlags) inputs(cmd *cobra.Command, w *watch.Watch) (closing func(), err error) {
	var closers []func()
	closing = func() {
		for i := len(closers) - 1; i >= 0; i-- {
			closers[i]()
		}
	}
	if !f.live() {
		pool := audit.NewPool(0)
		closers = append(closers, pool.Close)
		return closing, f.recorded(cmd, w, pool)
	}
	if f.state != "" {
		state, err := watch.OpenState(f.state)
		if err != nil {
			return closing, &exitError{exitIncomplete, err}
		}
		closers = append(closers, state.Close)
		w.State = state
	}
	names := map[string]bool{}
	for _, text := range f.audit {
		name, path := stream(text)
		if path == "-" {
			return closing, usage("--audit follows files: read standard input with --replay -")
		}
		abs, err := filepath.Abs(path)
		if err != nil {
			return closing, usage("--audit %s: %w", path, err)
		}
		switch info, err := os.Stat(path); {
		case errors.Is(err, fs.ErrNotExist):
			fmt.Fprintf(cmd.ErrOrStderr(), "bartizan: %s does not exist yet: waiting for it\n", safe(path))
		case err == nil && !info.Mode().IsRegular():
			return closing, usage("--audit %s: name a log file; this is none", path)
		}
		if names[name] {
			return closing, usage("--audit: two logs are called %s: name each with NAME=FILE", name)
		}
		names[name] = true
		w.Inputs = append(w.Inputs, watch.Input{Key: "file " + abs, Read: func(ctx context.Context, from *audit.Position, emit func(*audit.Batch) error) error {
			t := audit.Tail{Stream: name, Path: path, From: from, Backfill: f.backfill}
			return t.Read(ctx, emit)
		}})
	}
	if f.webhook.address == "" {
		return closing, nil
	}
	closeHook, err := f.receive(cmd, w)
	closers = append(closers, closeHook)
	return closing, err
}

// receive opens the webhook.
func (f *watchFlags) receive(cmd *cobra.Command, w *watch.Watch) (closing func(), err error) {
	closing = func() {}
	dir := f.webhook.spool
	if dir == "" && f.state != "" {
		dir = filepath.Join(f.state, "spool")
	}
	if dir == "" {
		return closing, usage("--audit-webhook keeps events on the disk before it answers: name a directory with --state or --spool")
	}
	var from *audit.Position
	if w.State != nil {
		if from, err = w.State.Position("webhook"); err != nil {
			return closing, &exitError{exitIncomplete, err}
		}
	}
	hook, listener, err := f.webhook.open()
	if err != nil {
		return closing, err
	}
	spool, err := audit.OpenSpool(dir, f.webhook.size<<20, from)
	if err != nil {
		_ = listener.Close()
		return closing, &exitError{exitIncomplete, err}
	}
	hook.Spool = spool
	serving, stop := context.WithCancel(cmd.Context())
	ended := make(chan error, 1)
	go func() { ended <- hook.Serve(serving, listener) }()
	fmt.Fprintf(cmd.ErrOrStderr(), "bartizan: receiving audit events on %s\n", listener.Addr())
	done := func(p audit.Position) { spool.Done(p) }
	w.Inputs = append(w.Inputs, watch.Input{Key: "webhook", Done: done, Read: func(ctx context.Context, from *audit.Position, emit func(*audit.Batch) error) error {
		reading, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		go func() {
			select {
			case err := <-ended:
				ended <- err
				cancel(err)
			case <-reading.Done():
			}
		}()
		if err := spool.Read(reading, from, emit); err != nil {
			return err
		}
		if ctx.Err() == nil {
			return context.Cause(reading)
		}
		return nil
	}})
	return func() {
		stop()
		if err := <-ended; err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "bartizan: %s\n", safe(err.Error()))
		}
		c := hook.Counts()
		fmt.Fprintf(cmd.ErrOrStderr(), "bartizan: webhook: %d requests taken, %d asked to come later, %d refused, %d failed\n", c.Taken, c.Behind, c.Refused, c.Failed)
		spool.Close()
	}, nil
}

// recorded opens the logs of --replay.
func (f *watchFlags) recorded(cmd *cobra.Command, w *watch.Watch, pool *audit.Pool) error {
	stdin := 0
	for i, text := range f.replay {
		name, path := stream(text)
		if path == "-" {
			if stdin++; stdin > 1 {
				return usage("--replay: standard input can be read once")
			}
		} else if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return usage("--replay %s: name the log files; %s is none", path, path)
		}
		w.Inputs = append(w.Inputs, watch.Input{Key: fmt.Sprint(i), Read: func(ctx context.Context, _ *audit.Position, emit func(*audit.Batch) error) error {
			r := audit.Recorded{Stream: name, Path: path, Stdin: cmd.InOrStdin(), Pool: pool}
			return r.Read(ctx, emit)
		}})
	}
	return nil
}

// stream takes NAME=FILE apart. Without a name the log is named by its path, and rotated files belong to the log that
// they were.
func stream(text string) (name, path string) {
	if name, path, ok := strings.Cut(text, "="); ok && name != "" && !strings.ContainsAny(name, `/\`) {
		return name, path
	}
	if text == "-" {
		return "stdin", text
	}
	return filepath.ToSlash(audit.BaseName(text)), text
}
