@warning_ignore_start("integer_division")
class_name RLMatrix
extends RefCounted
## A matrix of weights, packed for fast products: in GDScript, or by the native library where there is one.
##
## The engine multiplies 4x4 matrices and vectors of 4 in one step: 16 products and sums for the price of one. So in
## GDScript the weights are cut into blocks of 4x4. Measured: 10 times as fast as a loop over single numbers. The
## library adds in the same order.

## What the matrix was made of.
var source: RLTensor
var inputs := 0
var outputs := 0

var _blocks: Array[Projection] = []
var _bias := PackedVector4Array()
var _bias_source: RLTensor
var _in_blocks := 0
var _out_blocks := 0
# The same for the native library; it takes no bias for a bias of zeros.
var _packed := PackedFloat32Array()
var _native_bias := PackedFloat32Array()


## `weights` has shape [inputs, outputs], or [outputs, inputs] if it `is_turned`; the axes after the first count as one.
## Every product is multiplied by `alpha`.
func _init(weights: RLTensor, is_turned: bool, alpha: float) -> void:
	source = weights
	var rows := maxi(weights.shape[0], 1)
	var columns := weights.count() / rows
	inputs = columns if is_turned else rows
	outputs = rows if is_turned else columns
	if RLNative.kernels != null and weights.count() > 0:
		_packed = RLNative.kernels.call(&"pack", weights.floats, inputs, outputs, int(is_turned), alpha)
		return
	_in_blocks = (inputs + 3) / 4
	_out_blocks = (outputs + 3) / 4
	_bias.resize(_out_blocks)
	var in_step := 1 if is_turned else outputs
	var out_step := inputs if is_turned else 1
	var floats := weights.floats
	for out_block: int in _out_blocks:
		for in_block: int in _in_blocks:
			var block: Array[Vector4] = []
			for i: int in 4:
				var column := Vector4.ZERO
				for o: int in 4:
					var at_in := in_block * 4 + i
					var at_out := out_block * 4 + o
					if at_in < inputs and at_out < outputs:
						column[o] = alpha * floats[at_in * in_step + at_out * out_step]
				block.append(column)
			_blocks.append(Projection(block[0], block[1], block[2], block[3]))


## Add `scale` times these numbers, one for each output, to every product from now on.
func set_bias(bias: RLTensor, scale: float) -> void:
	if bias == _bias_source:
		return
	_bias_source = bias
	if is_native():
		_native_bias = bias.floats.duplicate()
		for o: int in outputs:
			_native_bias[o] *= scale
		return
	for o: int in outputs:
		var four := _bias[o / 4]
		four[o % 4] = scale * bias.floats[o]
		_bias[o / 4] = four


## The products of `rows` vectors, one after the other, with the matrix.
func times(vectors: PackedFloat32Array, rows: int) -> PackedFloat32Array:
	if is_native():
		return RLNative.kernels.call(&"product", vectors, rows, _packed, inputs, outputs, _native_bias)
	var products := PackedFloat32Array()
	for row: int in rows:
		var vector := vectors if rows == 1 else vectors.slice(row * inputs, (row + 1) * inputs)
		products.append_array(_times_one(vector))
	return products


## Only if it `is_native`: the products of all windows of images with the matrix, by image, by output, by window. An
## image has `size` elements; `places` are those of `RLWindows`.
func convolve(images: PackedFloat32Array, size: int, places: PackedInt32Array) -> PackedFloat32Array:
	return RLNative.kernels.call(&"convolve", images, size, places, _packed, inputs, outputs, _native_bias)


## Whether the native library computes its products. A matrix without numbers is left to GDScript.
func is_native() -> bool:
	return not _packed.is_empty()


func _times_one(vector: PackedFloat32Array) -> PackedFloat32Array:
	if vector.size() % 4 != 0:
		vector = vector.duplicate()
		vector.resize(4 * _in_blocks)
	var fours := vector.to_byte_array().to_vector4_array()
	var sums := _bias.duplicate()
	var block := 0
	for o: int in _out_blocks:
		var sum := sums[o]
		for four: Vector4 in fours:
			sum += _blocks[block] * four
			block += 1
		sums[o] = sum
	var product := sums.to_byte_array().to_float32_array()
	product.resize(outputs)
	return product
