class_name RLUnchangedOutline
## What stands still in a game that has no arenas: static bodies, and the cells of maps, of which no body is a node.

# Of a map, more shapes than this make a picture of nothing.
const _MOST := 2000


## The shapes of one node, in the game's own frame; those of its children are not among them.
static func of(node: Node) -> Array[Dictionary]:
	if node is StaticBody2D:
		return RLOutline2D.of_body(node as StaticBody2D, Transform2D.IDENTITY)
	if node is StaticBody3D:
		return RLOutline.of_body(node as StaticBody3D, Transform3D.IDENTITY)
	if node is TileMapLayer:
		return _tiles(node as TileMapLayer)
	if node is GridMap:
		return _box(String(node.name), (node as Node3D).global_transform, _bounds(node as GridMap))
	if node is CSGShape3D and (node as CSGShape3D).use_collision and (node as CSGShape3D).is_root_shape():
		return _box(String(node.name), (node as Node3D).global_transform, (node as CSGShape3D).get_aabb())
	return []


# A rectangle for every run of cells in a row that have a collision shape.
static func _tiles(layer: TileMapLayer) -> Array[Dictionary]:
	var found: Array[Dictionary] = []
	if layer.tile_set == null or not layer.enabled or not layer.collision_enabled:
		return found
	var solid: Dictionary[Vector2i, bool] = {}
	for cell: Vector2i in layer.get_used_cells():
		if _is_solid(layer, cell):
			solid[cell] = true
	var half := Vector2(layer.tile_set.tile_size) / 2.0
	for cell: Vector2i in solid:
		if solid.has(cell + Vector2i.LEFT) or found.size() >= _MOST:
			continue
		var last := cell
		while solid.has(last + Vector2i.RIGHT):
			last += Vector2i.RIGHT
		var rect := Rect2(layer.map_to_local(cell) - half, Vector2.ZERO).expand(layer.map_to_local(last) + half)
		var corners: PackedVector2Array = [
			rect.position,
			rect.position + Vector2(rect.size.x, 0.0),
			rect.end,
			rect.position + Vector2(0.0, rect.size.y)
		]
		var part := RLOutline.polygon(layer.global_transform * corners, 0.0, 0.0)
		part["name"] = String(layer.name)
		found.append(part)
	return found


static func _is_solid(layer: TileMapLayer, cell: Vector2i) -> bool:
	var data := layer.get_cell_tile_data(cell)
	for physics: int in layer.tile_set.get_physics_layers_count():
		if data != null and data.get_collision_polygons_count(physics) > 0:
			return true
	return false


static func _bounds(map: GridMap) -> AABB:
	var bounds := AABB()
	for cell: Vector3i in map.get_used_cells():
		var one := AABB(map.map_to_local(cell) - map.cell_size / 2.0, map.cell_size)
		bounds = bounds.merge(one) if bounds.has_volume() else one
	return bounds


static func _box(called: String, place: Transform3D, box: AABB) -> Array[Dictionary]:
	if not box.has_volume():
		return []
	var flat := PackedVector2Array()
	var heights := PackedFloat32Array()
	for i: int in 8:
		var corner := place * box.get_endpoint(i)
		flat.append(Vector2(corner.x, corner.z))
		heights.append(corner.y)
	heights.sort()
	var part := RLOutline.polygon(flat, heights[0], heights[7])
	part["name"] = called
	return [part]
