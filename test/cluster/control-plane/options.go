package main

import meta "k8s.io/apimachinery/pkg/apis/meta/v1"

var (
	getOptions  = meta.GetOptions{}
	listOptions = meta.ListOptions{}
)
