class_name VoxelChunk
extends MeshInstance3D
## A chunk that is loaded.

## 0 is the finest.
var detail := 0
var made: ChunkMaker.Made
## What is stood on; null where the chunk is far away.
var ground: StaticBody3D


func _init(of_made: ChunkMaker.Made, in_detail: int, paint: Material) -> void:
	made = of_made
	detail = in_detail
	var surface: Array = []
	surface.resize(Mesh.ARRAY_MAX)
	surface[Mesh.ARRAY_VERTEX] = made.corners
	surface[Mesh.ARRAY_NORMAL] = made.normals
	var shown := ArrayMesh.new()
	shown.add_surface_from_arrays(Mesh.PRIMITIVE_TRIANGLES, surface)
	shown.surface_set_material(0, paint)
	mesh = shown
