class_name LandingPad
extends StaticBody3D
## A round pad; its node is in the middle of its upper side.

## In metres.
const RADIUS := 5.0
