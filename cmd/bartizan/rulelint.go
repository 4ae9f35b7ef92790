package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan/internal/falco"
	"github.com/bartizan-dev/bartizan/internal/sink"
)

func newRuleLint() *cobra.Command {
	var output string
	var strict bool
	cmd := &cobra.Command{
		Use:   "lint FILE...",
		Short: "Check Falco rule files",
		Long: "Lint reads Falco rule files in the order given, later ones on top of earlier ones, as watch does, and says\n" +
			"what is wrong with file, line, rule and the text at fault. Of a directory it reads the YAML files, by name.\n\n" +
			"Exit codes: 0 no errors (with --strict: no warnings either); 1 there are some; 2 a file cannot be read;\n" +
			"4 internal error.",
		Example: "  bartizan rule lint falco_rules.yaml falco_rules.local.yaml\n  bartizan rule lint --strict rules.d/ -o json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := falcoFiles(args)
			if err != nil {
				return err
			}
			set, notices := falco.Load(files, falco.Options{})
			notices = append(withoutRules(files, notices), notices...)
			if err := writeLint(cmd.OutOrStdout(), files, set, notices, output); err != nil {
				return err
			}
			if len(notices.Errors()) > 0 || strict && len(notices) > 0 {
				return &exitError{exitFindings, nil}
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "format: text, json")
	cmd.Flags().BoolVar(&strict, "strict", false, "end with 1 for warnings as well")
	return cmd
}

// withoutRules warns of files in which there is nothing that Falco reads, which is most likely a mistake.
func withoutRules(files []falco.File, notices falco.Notices) (found falco.Notices) {
	for _, f := range files {
		told := slices.ContainsFunc(notices, func(n falco.Notice) bool { return n.File == f.Name && n.Level == falco.Error })
		if !told && len(falcoItems(f.Text)) == 0 {
			found = append(found, falco.Notice{
				Level: falco.Warning, Code: "no-rules", File: f.Name, Message: "there is no rule, macro or list in this file",
				Hint: "rule files are lists of items such as \"- rule: NAME\"",
			})
		}
	}
	return found
}

// maxFalcoFile bounds a rule file, in bytes.
const maxFalcoFile = 16 << 20

// falcoFiles reads rule files; of a directory its YAML files that are no tests, in the order of their names.
func falcoFiles(paths []string) ([]falco.File, error) {
	var files []falco.File
	for _, path := range paths {
		err := filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			yaml := isYAML(file)
			if !yaml && file != path {
				return nil
			}
			if filepath.Ext(file) == ".rule" {
				return fmt.Errorf("%s is a .rule file: check it with bartizan rule test", file)
			}
			text, err := readFile(file, maxFalcoFile)
			if err != nil {
				return err
			}
			if file != path && falco.IsTestFile(text) {
				return nil
			}
			files = append(files, falco.File{Name: filepath.ToSlash(file), Text: text})
			return nil
		})
		if err != nil {
			return nil, usage("read Falco rules: %w", err)
		}
	}
	if len(files) == 0 {
		return nil, usage("read Falco rules: there is no YAML file in %s", strings.Join(paths, ", "))
	}
	return files, nil
}

func isYAML(file string) bool {
	ext := strings.ToLower(filepath.Ext(file))
	return ext == ".yaml" || ext == ".yml"
}

// readFile reads at most limit bytes; more is an error. A pipe is waited for only for a while, whether nobody writes to it
// or somebody does not end: no signal would end that.
func readFile(file string, limit int64) (string, error) {
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0) // opening a pipe waits for its writer
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	pipe := info.Mode()&os.ModeNamedPipe != 0
	if pipe {
		if err := f.SetReadDeadline(time.Now().Add(pipePatience)); err != nil {
			return "", err
		}
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case pipe && errors.Is(err, os.ErrDeadlineExceeded):
		err = fmt.Errorf("%s is a pipe that did not end within %s: name an ordinary file", file, pipePatience)
	case pipe && err == nil && len(data) == 0:
		err = fmt.Errorf("%s is a pipe to which nobody writes: name an ordinary file", file)
	case err == nil && int64(len(data)) > limit:
		err = fmt.Errorf("%s has more than %d bytes: split it", file, limit)
	}
	return string(data), err
}

// pipePatience is how long a pipe is read.
const pipePatience = 5 * time.Second

// linted is a notice in rule lint -o json.
type linted struct {
	Level   string `json:"level"`
	Code    string `json:"code"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Item    string `json:"item,omitempty"`
	Token   string `json:"token,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func writeLint(w io.Writer, files []falco.File, set *falco.Set, notices falco.Notices, output string) error {
	errors := len(notices.Errors())
	switch output {
	case "json":
		list := make([]linted, len(notices))
		for i, n := range notices {
			list[i] = linted{n.Level.String(), n.Code, n.File, n.Line, n.Column, n.Item, n.Token, n.Message, n.Hint}
		}
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(map[string]any{"schema": "bartizan.dev/v1", "notices": list,
			"summary": map[string]int{"files": len(files), "rules": len(set.Rules), "errors": errors, "warnings": len(notices) - errors}})
	case "text":
	default:
		return usage("output format %q is unknown here: use text or json", output)
	}
	texts := map[string]string{}
	for _, f := range files {
		texts[f.Name] = f.Text
	}
	for _, n := range notices {
		writeNotice(w, n, texts[n.File])
	}
	if len(set.Rules) == 0 && errors == 0 {
		fmt.Fprintln(w, "No rule was read: nothing would run.")
	}
	fmt.Fprintf(w, "%s in %s: %s, %s\n", count(len(set.Rules), "rule"), count(len(files), "file"), count(errors, "error"), count(len(notices)-errors, "warning"))
	return nil
}

// writeNotice writes a notice with the line that it is about, and a mark under the text at fault.
func writeNotice(w io.Writer, n falco.Notice, text string) {
	fmt.Fprintf(w, "%s", sink.Printable(n.File))
	if n.Line > 0 {
		fmt.Fprintf(w, ":%d:%d", n.Line, n.Column)
	}
	fmt.Fprintf(w, ": %s", n.Level)
	if n.Item != "" {
		fmt.Fprintf(w, ": %s", sink.Printable(n.Item))
	}
	fmt.Fprintf(w, "\n    %s\n", sink.Printable(n.Message))
	if line, mark, ok := marked(n, text); ok {
		fmt.Fprintf(w, "      %s\n      %s\n", line, mark)
	}
	if n.Hint != "" {
		fmt.Fprintf(w, "    hint: %s\n", sink.Printable(n.Hint))
	}
}

// excerptWidth is how much of a line is shown around the text at fault.
const excerptWidth = 88

// marked is the line of a notice, cut to a width, and a mark under its column.
func marked(n falco.Notice, text string) (line, mark string, ok bool) {
	for range n.Line - 1 {
		_, rest, found := strings.Cut(text, "\n")
		if !found {
			return "", "", false
		}
		text = rest
	}
	line, _, _ = strings.Cut(text, "\n")
	line = strings.TrimRight(line, "\r \t")
	at := n.Column - 1
	if n.Line == 0 || at < 0 || at >= len(line) {
		return "", "", false
	}
	from := min(len(line)-len(strings.TrimLeft(line, " ")), at)
	if at-from > excerptWidth/2 {
		from = at - excerptWidth/2
	}
	before, after := strings.ToValidUTF8(line[from:at], "?"), line[at:min(len(line), from+excerptWidth)]
	width := 1
	if n.Token != "" && strings.HasPrefix(after, n.Token) {
		width = len([]rune(sink.Printable(n.Token)))
	}
	before = sink.Printable(before)
	return before + sink.Printable(strings.ToValidUTF8(after, "")), strings.Repeat(" ", len([]rune(before))) + strings.Repeat("^", width), true
}
