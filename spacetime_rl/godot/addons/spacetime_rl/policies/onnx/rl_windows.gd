@warning_ignore_start("integer_division")
class_name RLWindows
extends RefCounted
## The windows of images that a convolution or a pooling looks at.

## How many windows there are below each other and beside each other.
var rows := 0
var columns := 0
## By element of every window of an image: its place in the image, -1 for outside.
var places := PackedInt32Array()

# The shape of an image: channels, height, width.
var _image := PackedInt32Array()


## The windows of `height` x `width` over images [channels, height, width], with the strides, pads and dilations of a
## node; null if they do not fit.
static func of(node: RLOnnxNode, image: PackedInt32Array, height: int, width: int) -> RLWindows:
	var strides := node.wholes("strides", PackedInt64Array([1, 1]))
	var dilations := node.wholes("dilations", PackedInt64Array([1, 1]))
	var pads := node.wholes("pads", PackedInt64Array([0, 0, 0, 0]))
	var automatic: String = node.attribute("auto_pad", "NOTSET")
	if automatic not in ["NOTSET", "VALID"] or strides.size() != 2 or dilations.size() != 2 or pads.size() != 4:
		return null
	var known: RLWindows = node.prepared.get("windows")
	if known == null or known._image != image:
		known = RLWindows.new()
		if not known._lay_out(image, Vector2i(height, width), strides, dilations, pads):
			return null
		node.prepared["windows"] = known
	return known


func count() -> int:
	return rows * columns


## The number of elements of an image.
func image_size() -> int:
	return RLTensor.count_of(_image)


## The elements of every window, one after the other, by channel, row and column; `outside` beyond the image.
func gather(images: PackedFloat32Array, outside: float) -> PackedFloat32Array:
	var size := image_size()
	var found := PackedFloat32Array()
	found.resize(images.size() / size * places.size())
	var at := 0
	for begin: int in range(0, images.size(), size):
		for place: int in places:
			found[at] = outside if place < 0 else images[begin + place]
			at += 1
	return found


func _lay_out(
	image: PackedInt32Array,
	window: Vector2i,
	strides: PackedInt64Array,
	dilations: PackedInt64Array,
	pads: PackedInt64Array
) -> bool:
	_image = image
	for number: int in [strides[0], strides[1], dilations[0], dilations[1], window.x, window.y]:
		if number < 1:
			return false
	rows = (image[1] + pads[0] + pads[2] - dilations[0] * (window.x - 1) - 1) / strides[0] + 1
	columns = (image[2] + pads[1] + pads[3] - dilations[1] * (window.y - 1) - 1) / strides[1] + 1
	var elements := PackedInt32Array([rows, columns, image[0], window.x, window.y])
	if rows < 1 or columns < 1 or RLTensor.count_of(elements) < 1 or RLTensor.count_of(image) < 1:
		return false
	for row: int in rows:
		for column: int in columns:
			var begin := Vector2i(row * strides[0] - pads[0], column * strides[1] - pads[1])
			for channel: int in image[0]:
				for i: int in window.x:
					for j: int in window.y:
						var y := begin.x + i * dilations[0]
						var x := begin.y + j * dilations[1]
						var is_inside := y >= 0 and y < image[1] and x >= 0 and x < image[2]
						places.append((channel * image[1] + y) * image[2] + x if is_inside else -1)
	return true
