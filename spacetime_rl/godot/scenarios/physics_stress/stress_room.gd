class_name StressRoom
## Floor, walls and a ceiling that cannot be seen, of a square room.

const _THICK := 0.5
const _GRID: Shader = preload("res://shared/grid.gdshader")


## Add them below a node.
static func build(below: Node3D, edge: float, height: float) -> void:
	var floor_paint := ShaderMaterial.new()
	floor_paint.shader = _GRID
	var along := edge + 2.0 * _THICK
	_add(below, "Floor", Vector3(along, _THICK, along), Vector3(0.0, -_THICK / 2.0, 0.0), floor_paint)
	_add(below, "Ceiling", Vector3(along, _THICK, along), Vector3(0.0, height + _THICK / 2.0, 0.0), null)
	var glass := StandardMaterial3D.new()
	glass.albedo_color = Color(0.7, 0.8, 0.9, 0.25)
	glass.transparency = BaseMaterial3D.TRANSPARENCY_ALPHA
	for side: int in 4:
		var out := Vector3.RIGHT.rotated(Vector3.UP, side * PI / 2.0)
		var size := Vector3(_THICK, height, along) if side % 2 == 0 else Vector3(along, height, _THICK)
		var at := (out * (edge + _THICK) / 2.0).snappedf(0.001) + Vector3(0.0, height / 2.0, 0.0)
		_add(below, "Wall%d" % side, size, at, glass)


static func _add(below: Node3D, title: String, size: Vector3, at: Vector3, paint: Material) -> void:
	var body := StaticBody3D.new()
	body.name = title
	body.position = at
	var shape := BoxShape3D.new()
	shape.size = size
	var collision := CollisionShape3D.new()
	collision.shape = shape
	body.add_child(collision)
	if paint != null:
		var mesh := BoxMesh.new()
		mesh.size = size
		mesh.material = paint
		var view := MeshInstance3D.new()
		view.mesh = mesh
		body.add_child(view)
	below.add_child(body)
