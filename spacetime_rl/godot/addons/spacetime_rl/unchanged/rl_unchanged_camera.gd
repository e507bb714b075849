class_name RLUnchangedCamera
extends Node
## No camera: a person who watches an unchanged game sees what the game shows.


func follow(_body: Node) -> void:
	pass


func change_view() -> void:
	pass
