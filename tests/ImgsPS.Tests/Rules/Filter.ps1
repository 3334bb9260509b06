# Lists and filters, rules L and F, over the standard world. Dot-sourced by DockerRules.Tests.ps1.
# podman's service has the same world, but:
$loaded = 'L3: podman has a digest for each name of an image, loaded and built ones too'
$rowForEach = "$loaded; all digests of an image for each of its names, where docker has a row for each (L7) and the module takes an index's"
$wholeImage = "F12: podman lists all names of an image that has a name that matches, the module those that match; $loaded"
$noDate = 'L4: podman takes the time of loading where an image has no date'
$rows = @(
    '<none>:<none> <none> sha256:(loose)'
    'reg/team/app:<none> sha256:(app2-manifest) sha256:(app2)'
    'reg/team/app:1 sha256:(multi-index) sha256:(app1)'
    'reg/team/multi:latest sha256:(multi-index) sha256:(app1)'
    'age/mid:1 sha256:(mid1-manifest) sha256:(mid1)'
    'age/mid:2 sha256:(mid2-manifest) sha256:(mid2)'
    'age/mid:extra sha256:(mid1-manifest) sha256:(mid1)'
    'age/new:1 sha256:(new-manifest) sha256:(new)'
    'age/nodate:1 sha256:(nodate-manifest) sha256:(nodate)'
    'age/old:1 sha256:(old-manifest) sha256:(old)'
    'bare:1 sha256:(bare-manifest) sha256:(bare)'
    'child:1 sha256:(child-manifest) sha256:(child)'
    'ghcr.example/x/y/z:1.0 sha256:(web-manifest) sha256:(web)'
    'localhost:5000/a/b:1 sha256:(web-manifest) sha256:(web)'
    'other/app:1 sha256:(multi-index) sha256:(app1)'
    'web:1 sha256:(web-manifest) sha256:(web)'
    'web:prod sha256:(web-manifest) sha256:(web)'
    'web/sub:1 sha256:(web-manifest) sha256:(web)'
)
New-Rule L1 'a row for each tag, for a digest alone, for no name' -Docker { Show-DockerImage } -Module { Get-Image | Show-Image } `
    -Podman $rowForEach -PodmanAnswers ($rows + 'exit 0')
New-Rule L8 'a repository lists its tags' -Docker { Show-DockerImage web } -Module { Get-Image web | Show-Image } -Podman $wholeImage `
    -PodmanAnswers 'web:1 sha256:(web-manifest) sha256:(web)', 'web:prod sha256:(web-manifest) sha256:(web)', 'exit 0'
New-Rule L9 'an unknown filter is an error' -Docker { Show-DockerImage -f bogus=1 } -Module { Get-Image -Filter bogus=1 | Show-Image } `
    -Fails 'InvalidArgument/InvalidArgument' -Declared 'L9: the words of docker after 20.10' `
    -Answers 'error: invalid filter ''bogus''', 'exit 1' -Podman 'L9: podman has words of its own; the module checks filters itself' `
    -PodmanAnswers 'error: invalid filter ''bogus''', 'exit 1'
New-Rule L9 'a bad bool is an error' -Docker { Show-DockerImage -f dangling=maybe } `
    -Module { Get-Image -Filter dangling=maybe | Show-Image } -Fails 'InvalidArgument/InvalidArgument' `
    -Declared 'L9: the words of docker after 20.10' -Answers 'error: invalid filter ''dangling=[maybe]''', 'exit 1' `
    -Podman 'L9: podman has words of its own; the module checks filters itself' `
    -PodmanAnswers 'error: invalid filter ''dangling=[maybe]''', 'exit 1'
New-Rule F1 'dangling=true' -Docker { Show-DockerImage -f dangling=true } -Module { Get-Image -Filter dangling=true | Show-Image } `
    -Podman 'FF4: podman does not call what only a digest names dangling, though its repository has a tag' `
    -PodmanAnswers '<none>:<none> <none> sha256:(loose)', 'reg/team/app:<none> sha256:(app2-manifest) sha256:(app2)', 'exit 0'
New-Rule F1 'dangling=false' -Docker { Show-DockerImage -f dangling=false } -Module { Get-Image -Filter dangling=false | Show-Image } `
    -Declared 'FF4: docker lists what only a digest names as dangling and as not dangling; here it is dangling where its repository has a tag' `
    -Answers 'reg/team/app:1 sha256:(app1-manifest) sha256:(app1)', 'reg/team/multi:latest sha256:(multi-index) sha256:(app1)',
    'age/mid:1 <none> sha256:(mid1)', 'age/mid:2 <none> sha256:(mid2)', 'age/mid:extra <none> sha256:(mid1)', 'age/new:1 <none> sha256:(new)',
    'age/nodate:1 <none> sha256:(nodate)', 'age/old:1 <none> sha256:(old)', 'bare:1 <none> sha256:(bare)', 'child:1 <none> sha256:(child)',
    'ghcr.example/x/y/z:1.0 <none> sha256:(web)', 'localhost:5000/a/b:1 <none> sha256:(web)', 'other/app:1 <none> sha256:(app1)',
    'web:1 <none> sha256:(web)', 'web:prod <none> sha256:(web)', 'web/sub:1 <none> sha256:(web)', 'exit 0' `
    -Podman "FF4, and $rowForEach" -PodmanAnswers (($rows -notmatch '^<none>:|^reg/team/app:<none>') + 'exit 0')
New-Rule F3 'before a name' -Docker { Show-DockerImage -f before=age/mid:1 } -Module { Get-Image -Filter before=age/mid:1 | Show-Image } `
    -Declared 'FF6: docker takes an image without a date for the oldest; here it is neither before nor since another' `
    -Answers 'age/old:1 <none> sha256:(old)', 'exit 0' `
    -Podman "$noDate; $loaded"
New-Rule F3 'since an id' -Docker { Show-DockerImage -f "since=$(Get-KnownId mid1)" } `
    -Module { Get-Image -Filter "since=$(Get-KnownId mid1)" | Show-Image } -Podman "$noDate; $rowForEach" `
    -PodmanAnswers (($rows -notmatch 'age/(old|mid:[1e])') + 'exit 0')
New-Rule F3 'before an image that is not there' -Docker { Show-DockerImage -f before=nosuch } `
    -Module { Get-Image -Filter before=nosuch | Show-Image } -Fails 'ImageNotFound/ObjectNotFound' `
    -Podman 'F3: podman has words of its own; the module looks the image up itself' `
    -PodmanAnswers 'error: No such image: nosuch:latest', 'exit 1'
New-Rule F4 'of several before the oldest counts' -Docker { Show-DockerImage -f before=age/new:1 -f before=age/mid:1 } `
    -Module { Get-Image -Filter before=age/new:1, before=age/mid:1 | Show-Image } -Varies `
    -Declared 'F4: docker 20.10 takes any one of several; FF6: an image without a date is not before another' `
    -Answers 'age/old:1 <none> sha256:(old)', 'exit 0' `
    -Podman "F4: podman takes images that are before any of several; $loaded" `
    -PodmanAnswers 'age/old:1 sha256:(old-manifest) sha256:(old)', 'exit 0'
New-Rule F4 'of several since the newest counts' -Docker { Show-DockerImage -f since=age/old:1 -f since=age/new:1 } `
    -Module { Get-Image -Filter since=age/old:1, since=age/new:1 | Show-Image } -Varies `
    -Declared 'F4: docker 20.10 takes any one of several' `
    -Answers 'reg/team/app:<none> sha256:(app2-manifest) sha256:(app2)', 'reg/team/app:1 sha256:(app1-manifest) sha256:(app1)',
    'reg/team/multi:latest sha256:(multi-index) sha256:(app1)', 'bare:1 <none> sha256:(bare)', 'child:1 <none> sha256:(child)',
    'ghcr.example/x/y/z:1.0 <none> sha256:(web)', 'localhost:5000/a/b:1 <none> sha256:(web)', 'other/app:1 <none> sha256:(app1)',
    'web:1 <none> sha256:(web)', 'web:prod <none> sha256:(web)', 'web/sub:1 <none> sha256:(web)', 'exit 0' `
    -Podman "F4: podman takes images that are since any of several; $noDate; $rowForEach" `
    -PodmanAnswers (($rows -notmatch 'loose|age/(old|mid|new)') + 'exit 0')
New-Rule F5 'until' -Docker { Show-DockerImage -f until=24h } -Module { Get-Image -Filter until=24h | Show-Image } `
    -Declared 'F5: docker 20.10 does not know until here' `
    -Answers '<none>:<none> <none> sha256:(loose)', 'age/mid:1 <none> sha256:(mid1)', 'age/mid:2 <none> sha256:(mid2)',
    'age/mid:extra <none> sha256:(mid1)', 'age/new:1 <none> sha256:(new)', 'age/old:1 <none> sha256:(old)', 'exit 0' `
    -Podman "F5: podman knows until here; $loaded"
New-Rule F7 'a label that exists' -Docker { Show-DockerImage -f label=stage } -Module { Get-Image -Filter label=stage | Show-Image } `
    -Podman $loaded
New-Rule F7 'several labels must all hold' -Docker { Show-DockerImage -f label=tier=front -f label=stage=test } `
    -Module { Get-Image -Filter label=tier=front, label=stage=test | Show-Image } `
    -Podman "F7: podman takes any one of several labels; $loaded" -PodmanAnswers 'age/new:1 sha256:(new-manifest) sha256:(new)', 'exit 0'
New-Rule F8 'a label that must not be' -Docker { Show-DockerImage -f 'label!=tier=front' } `
    -Module { Get-Image -Filter 'label!=tier=front' | Show-Image } -Declared 'F8: the list of docker 20.10 does not know label! here' `
    -Answers '<none>:<none> <none> sha256:(loose)', 'reg/team/app:<none> sha256:(app2-manifest) sha256:(app2)',
    'reg/team/app:1 sha256:(app1-manifest) sha256:(app1)', 'reg/team/multi:latest sha256:(multi-index) sha256:(app1)',
    'age/mid:1 <none> sha256:(mid1)', 'age/mid:2 <none> sha256:(mid2)', 'age/mid:extra <none> sha256:(mid1)',
    'age/nodate:1 <none> sha256:(nodate)', 'bare:1 <none> sha256:(bare)', 'child:1 <none> sha256:(child)',
    'ghcr.example/x/y/z:1.0 <none> sha256:(web)', 'localhost:5000/a/b:1 <none> sha256:(web)', 'other/app:1 <none> sha256:(app1)',
    'web:1 <none> sha256:(web)', 'web:prod <none> sha256:(web)', 'web/sub:1 <none> sha256:(web)', 'exit 0' `
    -Podman "F8: podman knows label! here; $rowForEach" -PodmanAnswers (($rows -notmatch 'age/(old|new)') + 'exit 0')
New-Rule F9 'one of several patterns' -Docker { Show-DockerImage -f 'reference=web:?' -f 'reference=age/[m-n]*:1' } `
    -Module { Get-Image -Filter 'reference=web:?', 'reference=age/[m-n]*:1' | Show-Image } -Podman $wholeImage `
    -PodmanAnswers 'age/mid:1 sha256:(mid1-manifest) sha256:(mid1)', 'age/new:1 sha256:(new-manifest) sha256:(new)',
    'age/nodate:1 sha256:(nodate-manifest) sha256:(nodate)', 'web:1 sha256:(web-manifest) sha256:(web)', 'exit 0'
New-Rule F9 'a bad pattern is an error' -Docker { Show-DockerImage -f 'reference=[' } `
    -Module { Get-Image -Filter 'reference=[' | Show-Image } -Fails 'InvalidArgument/InvalidArgument' `
    -Podman 'F9: podman finds nothing by a bad pattern; the module checks patterns itself' `
    -PodmanAnswers 'error: syntax error in pattern', 'exit 1'
New-Rule F10 'the canonical name' -Docker { Show-DockerImage -f reference=docker.io/library/web } `
    -Module { Get-Image -Filter reference=docker.io/library/web | Show-Image } -Declared 'F10: docker after 20.10 finds canonical names' `
    -Answers 'web:1 <none> sha256:(web)', 'web:prod <none> sha256:(web)', 'exit 0' `
    -Podman "F10: podman finds canonical names; $wholeImage" `
    -PodmanAnswers 'web:1 sha256:(web-manifest) sha256:(web)', 'web:prod sha256:(web-manifest) sha256:(web)', 'exit 0'
New-Rule F11 'a star stops at a slash' -Docker { Show-DockerImage -f 'reference=*' } `
    -Module { Get-Image -Filter 'reference=*' | Show-Image } -Podman "F11: a star of podman matches slashes too; $wholeImage" `
    -PodmanAnswers 'bare:1 sha256:(bare-manifest) sha256:(bare)', 'child:1 sha256:(child-manifest) sha256:(child)',
    'web:1 sha256:(web-manifest) sha256:(web)', 'web:prod sha256:(web-manifest) sha256:(web)', 'exit 0'
New-Rule F11 'a host and two parts' -Docker { Show-DockerImage -f 'reference=*/*/*/*:1.0' } `
    -Module { Get-Image -Filter 'reference=*/*/*/*:1.0' | Show-Image } -Podman $wholeImage `
    -PodmanAnswers 'ghcr.example/x/y/z:1.0 sha256:(web-manifest) sha256:(web)', 'exit 0'
New-Rule F12 'only the tags that match' -Docker { Show-DockerImage -f 'reference=web:prod' } -Module { Get-Image `
    -Filter 'reference=web:prod' | Show-Image } -Podman $wholeImage -PodmanAnswers 'web:prod sha256:(web-manifest) sha256:(web)', 'exit 0'
New-Rule F13 'all keys must hold' -Docker { Show-DockerImage -f label=tier -f 'reference=age/*:1' } `
    -Module { Get-Image -Filter label=tier, 'reference=age/*:1' | Show-Image } -Podman $wholeImage `
    -PodmanAnswers 'age/mid:1 sha256:(mid1-manifest) sha256:(mid1)', 'age/new:1 sha256:(new-manifest) sha256:(new)',
    'age/old:1 sha256:(old-manifest) sha256:(old)', 'exit 0'
New-Rule L3 'the digest is that of the index, and only of the repository it came from' `
    -Docker { (Show-DockerImage '*/*/multi'), (Show-DockerImage other/app) } `
    -Module { (Get-Image -Filter 'reference=*/*/multi' | Show-Image), (Get-Image other/app | Show-Image) } `
    -Podman "$rowForEach; $wholeImage" `
    -PodmanAnswers 'reg/team/multi:latest sha256:(multi-index) sha256:(app1)', 'other/app:1 sha256:(multi-index) sha256:(app1)', 'exit 0'
New-Rule L4 'the newest first' -Docker { docker images --format '{{.Repository}}:{{.Tag}}' 'age/*:1' } `
    -Module { Get-Image -Filter 'reference=age/*:1' | ForEach-Object { "$($_.Repository):$($_.Tag)" } } `
    -Podman "L4: podman lists in no order, the module sorts; $noDate" `
    -PodmanAnswers 'age/nodate:1', 'age/new:1', 'age/mid:1', 'age/old:1', 'exit 0'
New-Rule L5 'the size in bytes' -Docker { docker image inspect -f '{{.Size}}' web:1 bare:1 } -Module { 'web:1', 'bare:1' | Get-Image |
    ForEach-Object Size } -Podman 'L5: podman counts files, manifest and config, not what the layers unpack to'
New-Rule L6 'all, with the parents that have no name' -Docker { Show-DockerImage -a } -Module { Get-Image -All | Show-Image } `
    -Podman $rowForEach -PodmanAnswers ($rows[0], '<none>:<none> <none> sha256:(step)' + $rows[1..99] + 'exit 0')
