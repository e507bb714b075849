class_name Disc
extends Node2D
## A coloured disc, so that there is something to see.

@export var radius_px := 18.0
@export var colour := Color.WHITE


func _draw() -> void:
	draw_circle(Vector2.ZERO, radius_px, colour)
