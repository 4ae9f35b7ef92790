package node

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Image is a container image to make: some static programs in the root directory, the first of which is started.
type Image struct {
	Name     string // with its tag
	Programs []string
}

// descriptor is how one part of an image names another, after the OCI image specification.
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// archive is an image as one file: the OCI image layout in a tar.
type archive struct {
	bytes.Buffer
	tar *tar.Writer
}

func (a *archive) file(name string, data []byte, mode int64) error {
	if err := a.tar.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(data)), Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err := a.tar.Write(data)
	return err
}

// blob adds a part under the name of its hash.
func (a *archive) blob(media string, data []byte) (descriptor, error) {
	sum := fmt.Sprintf("%x", sha256.Sum256(data))
	return descriptor{MediaType: media, Digest: "sha256:" + sum, Size: len(data)}, a.file("blobs/sha256/"+sum, data, 0o644)
}

// object adds a part that is JSON.
func (a *archive) object(media string, value any) (descriptor, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return descriptor{}, err
	}
	return a.blob(media, data)
}

// write packs the image into a file.
func (i Image) write(file string) error {
	layer := &archive{}
	layer.tar = tar.NewWriter(layer)
	for _, program := range i.Programs {
		data, err := os.ReadFile(program)
		if err == nil {
			err = layer.file(filepath.Base(program), data, 0o755)
		}
		if err != nil {
			return fmt.Errorf("packing %s: %w", program, err)
		}
	}
	if err := layer.tar.Close(); err != nil {
		return fmt.Errorf("packing %s: %w", i.Name, err)
	}
	out := &archive{}
	out.tar = tar.NewWriter(out)
	if err := i.layout(out, layer.Bytes()); err != nil {
		return fmt.Errorf("packing %s: %w", i.Name, err)
	}
	return os.WriteFile(file, out.Bytes(), 0o600)
}

func (i Image) layout(out *archive, layer []byte) error {
	const kind = "application/vnd.oci.image."
	packed, err := out.blob(kind+"layer.v1.tar", layer)
	if err != nil {
		return err
	}
	config, err := out.object(kind+"config.v1+json", map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Entrypoint": []string{"/" + filepath.Base(i.Programs[0])}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{packed.Digest}},
	})
	if err != nil {
		return err
	}
	manifest, err := out.object(kind+"manifest.v1+json", map[string]any{
		"schemaVersion": 2, "mediaType": kind + "manifest.v1+json", "config": config, "layers": []descriptor{packed},
	})
	if err != nil {
		return err
	}
	manifest.Annotations = map[string]string{"io.containerd.image.name": i.Name}
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": []descriptor{manifest}})
	if err != nil {
		return err
	}
	if err := out.file("index.json", index, 0o644); err != nil {
		return err
	}
	if err := out.file("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644); err != nil {
		return err
	}
	return out.tar.Close()
}
