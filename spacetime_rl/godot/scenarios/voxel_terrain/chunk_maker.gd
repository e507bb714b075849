class_name ChunkMaker
extends RefCounted
## Makes chunks from noise, on any thread: a chunk follows from the seed, its place and its level of detail.

## Edge of a chunk in metres, and its height.
const EDGE := 16
const HEIGHT := 32
## Metres of a step of the terrain, by level of detail; at the first one chunks are true voxels.
const STEPS: Array[int] = [1, 2, 4]

const _WIDE := EDGE + 2
const _CAVE_FROM := 0.35
const _VALLEY_M := 6.0
const _FLOATS := 12  # bytes of a corner

var _hills_m: float
var _caves: bool
var _hill_noise := FastNoiseLite.new()
var _cave_noise := FastNoiseLite.new()


## What a thread made of one chunk.
class Made:
	extends RefCounted
	## Corners of its triangles, three each.
	var corners := PackedVector3Array()
	## The normal of each corner.
	var normals := PackedVector3Array()
	## What can be stood on; null where the chunk is far away.
	var shape: ConcavePolygonShape3D
	## Microseconds that it took, without those in which its thread was kept from running.
	var usec := 0
	## Those in which it was kept from running, by other programs.
	var kept_usec := 0
	## Memory that it takes.
	var bytes := 0


func _init(seed_value: int, hills_m: float, caves: bool) -> void:
	_hills_m = hills_m
	_caves = caves
	_hill_noise.noise_type = FastNoiseLite.TYPE_SIMPLEX
	_hill_noise.frequency = 0.02
	_hill_noise.seed = seed_value
	_cave_noise.noise_type = FastNoiseLite.TYPE_SIMPLEX_SMOOTH
	_cave_noise.frequency = 0.08
	_cave_noise.seed = seed_value + 1


## Make a chunk at this level of detail.
func make(chunk: Vector2i, detail: int) -> Made:
	var clock := RLThreadClock.new()
	var from := clock.usec()
	var kept := clock.kept_waiting_usec()
	var made := Made.new()
	if detail == 0:
		var voxels := _voxels(chunk)
		_mesh_voxels(voxels, made.corners)
		made.shape = ConcavePolygonShape3D.new()
		made.shape.set_faces(made.corners)
		# The shape has the corners once more.
		made.bytes = voxels.size() + made.corners.size() * _FLOATS
	else:
		_mesh_columns(chunk, STEPS[detail], made.corners)
	made.normals = _normals(made.corners)
	made.bytes += 2 * made.corners.size() * _FLOATS
	made.usec = clock.usec() - from
	made.kept_usec = clock.kept_waiting_usec() - kept
	return made


## Height of the ground at a place, in whole metres.
func ground(x: int, z: int) -> int:
	var hill := 0.5 + 0.5 * _hill_noise.get_noise_2d(x, z)
	return clampi(roundi(_VALLEY_M + _hills_m * hill), 1, HEIGHT - 1)


# A byte for each metre of the chunk and of a rim of one metre around it: 1 is solid.
func _voxels(chunk: Vector2i) -> PackedByteArray:
	var voxels := PackedByteArray()
	voxels.resize(_WIDE * _WIDE * HEIGHT)
	var at := 0
	for z: int in range(chunk.y * EDGE - 1, chunk.y * EDGE + EDGE + 1):
		for x: int in range(chunk.x * EDGE - 1, chunk.x * EDGE + EDGE + 1):
			var top := ground(x, z)
			for y: int in top:
				if y == 0 or not _caves or _cave_noise.get_noise_3d(x, y, z) < _CAVE_FROM:
					voxels[at + y] = 1
			at += HEIGHT
	return voxels


func _mesh_voxels(voxels: PackedByteArray, into: PackedVector3Array) -> void:
	for z: int in range(1, EDGE + 1):
		for x: int in range(1, EDGE + 1):
			var column := (z * _WIDE + x) * HEIGHT
			for y: int in HEIGHT - 1:
				var at := column + y
				if voxels[at] == 0:
					continue
				var beside := voxels[at + HEIGHT] + voxels[at - HEIGHT]
				beside += voxels[at + _WIDE * HEIGHT] + voxels[at - _WIDE * HEIGHT]
				# Most lie inside.
				if beside < 4 or voxels[at + 1] == 0 or (y > 0 and voxels[at - 1] == 0):
					_mesh_voxel(voxels, at, Vector3(x - 1, y, z - 1), into)


# The faces of a voxel that lie open. The engine wants corners clockwise as seen from outside.
func _mesh_voxel(voxels: PackedByteArray, at: int, corner: Vector3, into: PackedVector3Array) -> void:
	if voxels[at + HEIGHT] == 0:
		_quad(into, corner + Vector3(1, 0, 0), Vector3(0, 1, 0), Vector3(0, 0, 1))
	if voxels[at - HEIGHT] == 0:
		_quad(into, corner, Vector3(0, 0, 1), Vector3(0, 1, 0))
	if voxels[at + _WIDE * HEIGHT] == 0:
		_quad(into, corner + Vector3(0, 0, 1), Vector3(1, 0, 0), Vector3(0, 1, 0))
	if voxels[at - _WIDE * HEIGHT] == 0:
		_quad(into, corner, Vector3(0, 1, 0), Vector3(1, 0, 0))
	if voxels[at + 1] == 0:
		_quad(into, corner + Vector3(0, 1, 0), Vector3(0, 0, 1), Vector3(1, 0, 0))
	if corner.y > 0.0 and voxels[at - 1] == 0:
		_quad(into, corner, Vector3(1, 0, 0), Vector3(0, 0, 1))


# Tops and sides of columns that are `step` metres wide.
func _mesh_columns(chunk: Vector2i, step: int, into: PackedVector3Array) -> void:
	var count := floori(EDGE / float(step))
	for i: int in count:
		for k: int in count:
			var x := chunk.x * EDGE + i * step
			var z := chunk.y * EDGE + k * step
			var top := ground(x, z)
			var corner := Vector3(i * step, top, k * step)
			_quad(into, corner, Vector3(0, 0, step), Vector3(step, 0, 0))
			_side(into, corner + Vector3(step, 0, 0), Vector3(0, 0, step), ground(x + step, z))
			_side(into, corner + Vector3(0, 0, step), Vector3(-step, 0, 0), ground(x - step, z))
			_side(into, corner + Vector3(step, 0, step), Vector3(-step, 0, 0), ground(x, z + step))
			_side(into, corner, Vector3(step, 0, 0), ground(x, z - step))


func _side(into: PackedVector3Array, from: Vector3, along: Vector3, bottom: int) -> void:
	if bottom < from.y:
		_quad(into, from, along, Vector3(0.0, bottom - from.y, 0.0))


# Seen from where `across` turns clockwise into `along`.
func _quad(into: PackedVector3Array, from: Vector3, along: Vector3, across: Vector3) -> void:
	into.append_array([from, from + along + across, from + along, from, from + across, from + along + across])


func _normals(corners: PackedVector3Array) -> PackedVector3Array:
	var normals := PackedVector3Array()
	normals.resize(corners.size())
	for i: int in range(0, corners.size(), 3):
		var normal := (corners[i + 2] - corners[i]).cross(corners[i + 1] - corners[i]).normalized()
		normals[i] = normal
		normals[i + 1] = normal
		normals[i + 2] = normal
	return normals
