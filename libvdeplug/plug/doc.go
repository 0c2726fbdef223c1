// SPDX-License-Identifier: Apache-2.0

// Package plug holds what a plugin of libvdeplug and its users share: the
// connection interface, the grammar of virtual network locators (VNL), and the
// registry that finds the plugin a locator names.
//
// A locator is PLUGIN://REST. What REST means is the plugin's business; two
// forms are usual and have a parser here, with the quoting rules of vdeplug4
// (libvdeplug4/parseparms.c):
//
//	vxvde://239.1.2.3/vni=4/ttl=2     ParseParms: address, then options
//	vde:///run/sw[port=3/mode=0600]   ParsePathParms: path, then options
//	vlan://4{vde:///run/sw}           SplitNested: a plugin upon a plugin
//
// A new plugin is one type with an Open method and one call of
// [Registry.Register]. Plugins that speak datagrams need not know anything
// else of this module.
package plug
