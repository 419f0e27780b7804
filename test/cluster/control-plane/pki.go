// Certificates and kubeconfigs of one lab. They live as long as it does.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const certificateLife = 30 * 24 * time.Hour

type authority struct {
	dir         string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// identity is what a certificate says of who shows it.
type identity struct {
	file   string
	name   string
	groups []string
	hosts  []string
}

// writeKey uses SEC1: the API server finds no key for service accounts in PKCS 8.
func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600)
}

func writeNewKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return key, writeKey(path, key)
}

func newTemplate(subject pkix.Name) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	return &x509.Certificate{
		SerialNumber: serial, Subject: subject, KeyUsage: x509.KeyUsageDigitalSignature,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(certificateLife),
	}, nil
}

func writeCertificate(path string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}

func newAuthority(dir, name string) (*authority, error) {
	key, err := writeNewKey(filepath.Join(dir, name+".key"))
	if err != nil {
		return nil, err
	}
	made, err := newTemplate(pkix.Name{CommonName: name})
	if err != nil {
		return nil, err
	}
	made.IsCA, made.BasicConstraintsValid = true, true
	made.KeyUsage |= x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, made, made, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &authority{dir, certificate, key}, writeCertificate(filepath.Join(dir, name+".crt"), der)
}

// issue writes FILE.crt and FILE.key, good for clients and servers.
func (a *authority) issue(who identity) error {
	key, err := writeNewKey(filepath.Join(a.dir, who.file+".key"))
	if err != nil {
		return err
	}
	made, err := newTemplate(pkix.Name{CommonName: who.name, Organization: who.groups})
	if err != nil {
		return err
	}
	made.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	for _, host := range who.hosts {
		if address := net.ParseIP(host); address != nil {
			made.IPAddresses = append(made.IPAddresses, address)
		} else {
			made.DNSNames = append(made.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, made, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return err
	}
	return writeCertificate(filepath.Join(a.dir, who.file+".crt"), der)
}

// writeKubeconfig: with everything in it, so that it may be copied.
func (a *authority) writeKubeconfig(path, server, file string) error {
	var blocks [3][]byte
	for i, name := range []string{"ca.crt", file + ".crt", file + ".key"} {
		block, err := os.ReadFile(filepath.Join(a.dir, name))
		if err != nil {
			return err
		}
		blocks[i] = block
	}
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: test
  cluster: {server: %q, certificate-authority-data: %s}
users:
- name: test
  user: {client-certificate-data: %s, client-key-data: %s}
contexts:
- name: test
  context: {cluster: test, user: test}
current-context: test
`, server, base64.StdEncoding.EncodeToString(blocks[0]), base64.StdEncoding.EncodeToString(blocks[1]), base64.StdEncoding.EncodeToString(blocks[2]))
	return os.WriteFile(path, []byte(text), 0o600)
}
