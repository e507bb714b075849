class_name RLImageSensor
extends Node
## Base of sensors that deliver an image of unsigned bytes. A child of the RLAgent. See RLCameraSensor.

## Name of the image.
@export var label := &"image"


## Override: height, width, channels.
func shape() -> Vector3i:
	return Vector3i.ZERO


## Override: the present image, height * width * channels bytes in row-major order.
func image() -> PackedByteArray:
	return PackedByteArray()
