class_name MeshSketch
extends RefCounted
## Makes a mesh of painted flat parts: boxes, cylinders along x, outlines with two sides.

const _ROUND := 20

var _mesh := ArrayMesh.new()
var _tool: SurfaceTool
var _material: StandardMaterial3D


## What is added from now on has this colour; `roughness` 0 is a mirror.
func paint(colour: Color, roughness: float = 0.5, glow: float = 0.0) -> void:
	_commit()
	_tool = SurfaceTool.new()
	_tool.begin(Mesh.PRIMITIVE_TRIANGLES)
	_tool.set_smooth_group(-1)
	_material = StandardMaterial3D.new()
	_material.albedo_color = colour
	_material.roughness = roughness
	_material.cull_mode = BaseMaterial3D.CULL_DISABLED
	if glow > 0.0:
		_material.emission_enabled = true
		_material.emission = colour * glow


## A flat face; its corners in order.
func face(corners: PackedVector3Array) -> void:
	for i: int in range(1, corners.size() - 1):
		for corner: Vector3 in [corners[0], corners[i], corners[i + 1]]:
			_tool.add_vertex(corner)


## A box around a middle.
func box(middle: Vector3, size: Vector3) -> void:
	var reach := size / 2.0
	for axis: int in 3:
		for end: float in [-1.0, 1.0]:
			var corners := PackedVector3Array()
			for turn: Vector2 in [Vector2(-1, -1), Vector2(-1, 1), Vector2(1, 1), Vector2(1, -1)]:
				var at := Vector3.ZERO
				at[axis] = end * reach[axis]
				at[(axis + 1) % 3] = turn.x * end * reach[(axis + 1) % 3]
				at[(axis + 2) % 3] = turn.y * reach[(axis + 2) % 3]
				corners.append(middle + at)
			face(corners)


## A cylinder whose axis lies along x.
func cylinder(middle: Vector3, radius: float, width: float) -> void:
	var right := PackedVector3Array()
	var left := PackedVector3Array()
	for i: int in _ROUND:
		var rim := Vector3(0.0, cos(TAU * i / _ROUND), sin(TAU * i / _ROUND)) * radius + middle
		right.append(rim + Vector3.RIGHT * width / 2.0)
		left.append(rim + Vector3.LEFT * width / 2.0)
	_walls(left, right)
	right.reverse()
	face(right)
	face(left)


## A body with two like sides: `outline` has its points as z and y, `widths` half the width at each of them.
func extrude(outline: PackedVector2Array, widths: PackedFloat32Array) -> void:
	var left := PackedVector3Array()
	var right := PackedVector3Array()
	for i: int in outline.size():
		left.append(Vector3(-widths[i], outline[i].y, outline[i].x))
		right.append(Vector3(widths[i], outline[i].y, outline[i].x))
	_walls(left, right)
	for side: PackedVector3Array in [left, right]:
		_fill(side, outline)


## The mesh of everything that was added.
func finish() -> ArrayMesh:
	_commit()
	return _mesh


func _walls(left: PackedVector3Array, right: PackedVector3Array) -> void:
	for i: int in left.size():
		var next := (i + 1) % left.size()
		face([left[i], left[next], right[next], right[i]])


# An outline may be hollow, so that its side is cut into triangles.
func _fill(side: PackedVector3Array, outline: PackedVector2Array) -> void:
	var cut := Geometry2D.triangulate_polygon(outline)
	for i: int in range(0, cut.size(), 3):
		face([side[cut[i]], side[cut[i + 1]], side[cut[i + 2]]])


func _commit() -> void:
	if _tool == null:
		return
	_tool.generate_normals()
	_tool.commit(_mesh)
	_mesh.surface_set_material(_mesh.get_surface_count() - 1, _material)
	_tool = null
