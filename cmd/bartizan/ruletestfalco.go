package main

import (
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/falco"
	"github.com/bartizan-dev/bartizan/internal/sink"
)

// falcoTests finds files of tests for Falco rules among paths. rest are the paths that may hold something else:
// everything but the files of tests named by themselves.
func falcoTests(paths []string) (tests []*falco.TestFile, rest []string, err error) {
	for _, path := range paths {
		alone := false
		err := filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
			if err != nil {
				return fs.SkipDir // who reads the rest says what cannot be read
			}
			text, isTest := testText(file, d)
			if !isTest {
				return nil
			}
			t, notices := falco.ParseTests(filepath.ToSlash(file), text)
			if faults := notices.Errors(); len(faults) > 0 {
				return usage("read tests: %s", sink.Printable(faults[0].String()))
			}
			tests = append(tests, t)
			alone = file == path
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
		if !alone {
			rest = append(rest, path)
		}
	}
	return tests, rest, nil
}

// testText is the text of a file of tests.
func testText(file string, d fs.DirEntry) (text string, ok bool) {
	if d.IsDir() || !isYAML(file) {
		return "", false
	}
	text, err := readFile(file, maxFalcoFile)
	return text, err == nil && falco.IsTestFile(text)
}

// runFalcoTests runs files of tests. Rule files are named relative to the file of tests.
func runFalcoTests(w io.Writer, tests []*falco.TestFile) error {
	failed, total := 0, 0
	for _, t := range tests {
		paths := make([]string, len(t.Rules))
		for i, r := range t.Rules {
			paths[i] = r
			if !filepath.IsAbs(r) {
				paths[i] = filepath.Join(filepath.Dir(filepath.FromSlash(t.Name)), filepath.FromSlash(r))
			}
		}
		files, err := falcoFiles(paths)
		if err != nil {
			return err
		}
		set, notices := falco.Load(files, falco.Options{})
		if faults := notices.Errors(); len(faults) > 0 {
			return usage("%s\nbartizan rule lint %s says more", sink.Printable(faults[0].String()), strings.Join(paths, " "))
		}
		for _, o := range t.Run(set) {
			total++
			if len(o.Faults) == 0 {
				fmt.Fprintf(w, "ok    %s\n", sink.Printable(o.Test.Name))
				continue
			}
			failed++
			fmt.Fprintf(w, "FAIL  %s (%s:%d)\n", sink.Printable(o.Test.Name), sink.Printable(t.Name), o.Test.Line)
			for _, f := range o.Faults {
				for line := range strings.SplitSeq(f, "\n") {
					fmt.Fprintf(w, "      %s\n", sink.Printable(line))
				}
			}
		}
	}
	if failed > 0 {
		return &exitError{exitFindings, fmt.Errorf("%s of %d failed", count(failed, "test"), total)}
	}
	return nil
}
