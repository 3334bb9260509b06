# Push and copy (issue 15: PU1 to PU21, CP1 to CP6): what the pipeline and the screen get over the test registry, and the same with real parts.
BeforeDiscovery {
    Import-Module "$PSScriptRoot/RealParts.psm1" -Force
    $missing = Get-MissingPart docker-registry, skopeo
    $missingDocker = Get-MissingPart docker-registry, dockerd, docker, skopeo, busybox
    if ($missingDocker) {
        Write-Warning "Tests with real parts are skipped; this machine has no $missingDocker."
    }
}

BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
}

Describe 'Invoke-ImagePush' {
    BeforeAll {
        $registry = Start-TestRegistry
        $mirror = Start-TestRegistry
        $address, $to = $registry.Host, $mirror.Host
        $store = New-TestStore
        $saved, $env:IMGSPS_STORE = $env:IMGSPS_STORE, $store
        $layers = @(@{ seed = 71; size = 4000 }; @{ seed = 72; size = 5000 })
        $null = Add-TestImage $registry 'team/app:1' @{ layers = $layers }
        $null = Add-TestImage $registry 'team/app:2' @{ layers = $layers + @{ seed = 73; size = 6000 } }
        $null = Add-TestImage $registry 'other:1' @{ layers = @(@{ seed = 74; size = 100 }) }
        $null = Add-TestIndex $registry 'multi:1' @(@{ architecture = 'amd64' }, @{ architecture = 'arm64' }, @{ os = 'windows'; osVersion = '10.0.20348.1' })
        $null = "$address/team/app:1", "$address/team/app:2", "$address/other:1" | Invoke-ImagePull
        $null = Invoke-ImagePull "$address/multi:1" -Platform linux/amd64
    }

    BeforeEach {
        Reset-TestRegistry $mirror
    }

    AfterAll {
        $env:IMGSPS_STORE = $saved
        Stop-TestRegistry $registry
        Stop-TestRegistry $mirror
        Remove-TestStore $store
    }

    It 'writes an object for each image, with what it cost (PU19)' {
        $pushed = Invoke-ImagePush "$address/team/app:1" -Destination "$to/a/app:9"
        $pushed | Should -BeOfType ImgsPS.ImageTransfer
        $pushed.Reference | Should -Be "$to/a/app:9"
        $pushed.Digest | Should -Be (Get-Image "$address/team/app:1").Digest
        $pushed.Status | Should -Be Created
        $pushed.SameDigest | Should -BeTrue
        $pushed.BytesUploaded | Should -BeGreaterThan 5000
        $pushed.Requests | Should -Be @(Get-TestRequest $mirror).Count
        "$pushed" | Should -Be "$to/a/app:9"
    }

    It 'is one request when the name means the image already (PU19)' {
        $null = Invoke-ImagePush "$address/team/app:1" -Destination "$to/b/app:1"
        Reset-TestRegistry $mirror
        $again = Push-Image "$address/team/app:1" "$to/b/app:1"
        $again.Status | Should -Be Unchanged
        $again.Requests | Should -Be 1
        @(Get-TestRequest $mirror).Count | Should -Be 1
    }

    It 'says when a name has moved, and what it meant before' {
        $first = Invoke-ImagePush "$address/team/app:1" -Destination "$to/c/app:1"
        $second = Invoke-ImagePush "$address/team/app:2" -Destination "$to/c/app:1"
        $second.Status | Should -Be Moved
        $second.PreviousDigest | Should -Be $first.Digest
        $second.BytesExisting | Should -BeGreaterThan 1000
    }

    It 'takes a script block for the destinations of piped images, and each image of a platform once' {
        $pushed = Get-Image "$address/*" | Where-Object Repository -notlike '*multi' |
            Invoke-ImagePush -Destination { "$to/d/$($_.Repository -replace '^[^/]*/'):$($_.Tag)" }
        $pushed.Reference | Sort-Object | Should -Be "$to/d/other:1", "$to/d/team/app:1", "$to/d/team/app:2"
    }

    It 'keeps the names below a registry''s prefix, for wildcards too' {
        $pushed = Invoke-ImagePush "$address/team/*" -Destination "registry://$to/deep/er"
        $pushed.Reference | Sort-Object | Should -Be "$to/deep/er/team/app:1", "$to/deep/er/team/app:2"
    }

    It 'pushes all tags of a repository with -AllTags' {
        $pushed = Invoke-ImagePush "$address/team/app" -AllTags -Destination "$to/e/app"
        $pushed.Reference | Sort-Object | Should -Be "$to/e/app:1", "$to/e/app:2"
    }

    It 'refuses what cannot be, in docker''s words (PU18): <Image> <Destination>' -ForEach @(
        @{ Image = 'nosuch:1'; Destination = 'TO/x:1'; Text = 'An image does not exist locally with the tag: nosuch:1*' }
        @{ Image = 'HOST/team/app:1'; Destination = $null; AllTags = $true; Text = "*tag can't be used with --all-tags/-a*" }
        @{ Image = 'HOST/team/app'; Destination = 'TO/x:1'; AllTags = $true; Text = "*tag can't be used with --all-tags/-a*" }
        @{ Image = 'HOST/nobody'; Destination = 'TO/x'; AllTags = $true; Text = '*does not exist locally with the tag: *nobody*' }
        @{ Image = 'ID'; Destination = $null; Text = 'An image does not exist locally with the tag: *' }
        @{ Image = 'HOST/team/app@DIGEST'; Destination = $null; Text = '*cannot push a digest reference*' }
        @{ Image = 'HOST/team/app:1'; Destination = 'Not A Name'; Text = '*is no destination*' }
        @{ Image = 'HOST/team/app:1'; Destination = 'Team/App:1'; Text = '*is no destination*' }
        @{ Image = 'HOST/team/app:1'; Destination = 'registry://'; Text = '*is not a registry*' }
    ) {
        $digest = (Get-Image "$address/team/app:1").Digest
        if ($Image -like '*@*') { $null = Invoke-ImagePull "$address/team/app@$digest" }
        $wish = @{ Image = $Image.Replace('HOST', $address).Replace('DIGEST', $digest).Replace('ID', (Get-Image "$address/team/app:1").Id.Substring(7, 12)) }
        if ($Destination) { $wish.Destination = $Destination.Replace('TO', $to) }
        if ($_['AllTags']) { $wish.AllTags = $true }
        Invoke-ImagePush @wish -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed | Should -HaveCount 1
        "$failed" | Should -BeLike $Text
        @(Get-TestRequest $mirror | Where-Object Method -NE HEAD) | Should -BeNullOrEmpty
    }

    It 'names the platforms that are missing, and pushes one or what is there when asked (PU16, CP4)' {
        Invoke-ImagePush "$address/multi:1" "$to/multi:1" -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        "$failed" | Should -BeLike '*linux/arm64, windows*are missing*'
        $failed[0].FullyQualifiedErrorId | Should -Be 'ImageIncomplete,ImgsPS.Cmdlets.InvokeImagePushCommand'

        $one = Invoke-ImagePush "$address/multi:1" "$to/multi:one" -Platform linux/amd64
        $one.SameDigest | Should -BeFalse
        $one.Digest | Should -Be (Get-Image "$address/multi:1").ManifestDigest

        $some = Invoke-ImagePush "$address/multi:1" "$to/multi:some" -PresentPlatforms -WarningAction SilentlyContinue -WarningVariable said
        $some.SameDigest | Should -BeFalse
        "$said" | Should -BeLike "*$($some.Digest)*"
    }

    It 'pushes an index that was pulled with all platforms whole, once for all its images' {
        $all = New-TestStore
        $env:IMGSPS_STORE = $store
        try {
            $null = Invoke-ImagePull "$address/multi:1" -AllPlatforms -Store $all
            $pushed = Get-Image -Store $all | Invoke-ImagePush -Destination "$to/whole/multi:1"
            $pushed | Should -HaveCount 1
            $pushed.SameDigest | Should -BeTrue
        } finally { Remove-TestStore $all; $env:IMGSPS_STORE = $store }
    }

    It 'sends nothing where a row of a file says to, unless the session knows the place (SF10)' {
        $row = [pscustomobject]@{ Reference = "$address/other:1"; Destination = 'stranger.example.com:5000/x:1' }
        $row | Invoke-ImagePush -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        "$failed" | Should -BeLike "*stranger.example.com:5000/x:1' came with the pipeline's data*"
        $row.Destination = "$to/known/other:1"
        ($row | Invoke-ImagePush).Reference | Should -Be "$to/known/other:1"
    }

    It 'changes nothing with -WhatIf, and says what it would do' {
        $lines = Get-WhatIfLine { Invoke-ImagePush "$address/team/app:1" "$to/f/app:1" -WhatIf }
        "$lines" | Should -BeLike "*Push image*$address/team/app:1 to $to/f/app:1*"
        @(Get-TestRequest $mirror) | Should -BeNullOrEmpty
    }

    It 'names no store in what it says of the only one' {
        $said = Invoke-ImagePush "$address/other:1" "$to/g/other:1" -Verbose 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }
        "$($said.Message)" | Should -Match ([regex]::Escape("The push refers to repository [$to/g/other]"))
        $said.Message | Should -Not -BeLike 'local:*'
        "$($said.Message)" | Should -BeLike '*1: digest: sha256:* size: *'
    }

    It 'fits into a table of 80 columns' {
        $text = Invoke-ImagePush "$address/other:1" "$to/h/other:1" | Out-String -Width 80
        $text | Should -BeLike '*Reference*Digest*Status*Uploaded*Mounted*Existing*'
        ($text -split "`r?`n" | Where-Object { $_ }).Count | Should -BeLessOrEqual 5
    }
}

Describe 'Copy-Image' {
    BeforeAll {
        $one = Start-TestRegistry
        $two = Start-TestRegistry
        $null = Add-TestImage $one 'team/app:1' @{ layers = @(@{ seed = 81; size = 4000 }) }
        $null = Add-TestImage $one 'team/app:2' @{ layers = @(@{ seed = 82; size = 4000 }) }
        $null = Add-TestIndex $one 'team/multi:1' @(@{ architecture = 'amd64' }, @{ architecture = 'arm64' })
        $store = New-TestStore
        $saved, $env:IMGSPS_STORE = $env:IMGSPS_STORE, $store
    }

    AfterAll {
        $env:IMGSPS_STORE = $saved
        Stop-TestRegistry $one
        Stop-TestRegistry $two
        Remove-TestStore $store
    }

    It 'mirrors a part of a registry, and the second time only asks (CP2, CP5)' {
        $copied = Get-Image 'team/*' -Store "registry://$($one.Host)" -AllPlatforms | Copy-Image -Destination "registry://$($two.Host)/mirror"
        $copied.Reference | Sort-Object | Should -Be (
            "$($two.Host)/mirror/team/app:1", "$($two.Host)/mirror/team/app:2", "$($two.Host)/mirror/team/multi:1")
        $copied.SameDigest | Should -Not -Contain $false
        Get-ChildItem $store -ErrorAction Ignore | Should -BeNullOrEmpty

        $again = Copy-Image 'team/*' -Store "registry://$($one.Host)" -Destination "registry://$($two.Host)/mirror"
        $again.Status | Should -Be Unchanged, Unchanged, Unchanged
        $again.Requests | Should -Be 1, 1, 1
    }

    It 'sends no content within one registry (CP2)' {
        Reset-TestRegistry $one
        $copied = Copy-Image team/multi:1 -Store "registry://$($one.Host)" -Destination "$($one.Host)/copies/multi:7"
        $copied.BytesUploaded | Should -Be 0
        $copied.BytesMounted | Should -BeGreaterThan 100
        @(Get-TestRequest $one | Where-Object { $_.Method -eq 'GET' -and $_.Path -like '*/blobs/*' }) | Should -BeNullOrEmpty
    }

    It 'copies into a folder that is no store yet, and from there into the local store' {
        $folder = New-TestStore
        $env:IMGSPS_STORE = $store
        try {
            $copied = Copy-Image team/multi:1 -Store "registry://$($one.Host)" -Destination $folder
            $copied.Store | Should -Be $folder
            @(Get-Image -Store $folder) | Should -HaveCount 2
            Copy-Image "$($one.Host)/team/multi:1" -Store $folder -Destination local | ForEach-Object SameDigest | Should -BeTrue
            @(Get-Image "$($one.Host)/team/multi:1") | Should -HaveCount 2
            Test-ImageStore -Full -Quiet | Should -BeTrue
        } finally { Remove-TestStore $folder; $env:IMGSPS_STORE = $store }
    }

    It 'gives an image that is named by its id the name that it has' {
        $folder = New-TestStore
        $env:IMGSPS_STORE = $store
        try {
            $image = Invoke-ImagePull "$($one.Host)/team/app:2"
            Copy-Image $image.Id.Substring(7, 12) -Destination $folder | ForEach-Object Reference | Should -Be $image.Reference
        } finally { Remove-TestStore $folder; $env:IMGSPS_STORE = $store }
    }

    It 'never moves a name with -NoClobber, and does nothing when it means the image already (CP5)' {
        $null = Copy-Image team/app:1 -Store "registry://$($one.Host)" -Destination "$($two.Host)/keep:1"
        Copy-Image team/app:2 -Store "registry://$($one.Host)" -Destination "$($two.Host)/keep:1" -NoClobber -ErrorAction SilentlyContinue `
            -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'ImageConflict,ImgsPS.Cmdlets.CopyImageCommand'
        (Copy-Image team/app:1 -Store "registry://$($one.Host)" -Destination "$($two.Host)/keep:1" -NoClobber).Status | Should -Be Unchanged
    }

    It 'says that a Docker Engine is not there' {
        Copy-Image team/app:1 -Store "registry://$($one.Host)" -Destination unix:///nowhere.sock -ErrorAction SilentlyContinue `
            -ErrorVariable failed | Should -BeNullOrEmpty
        $failed | Should -HaveCount 1
    }

    It 'says with -WhatIf how many bytes would be sent and how many are there, as the run then does' {
        $wish = @{ Image = 'team/app:1'; Store = "registry://$($one.Host)"; Destination = "$($two.Host)/whatif:1" }
        $lines = Get-WhatIfLine { Copy-Image @wish -WhatIf }
        $copied = Copy-Image @wish
        "$lines" | Should -BeLike "*, sends $($copied.BytesUploaded) bytes, $($copied.BytesExisting + $copied.BytesMounted) are there*"
        "$(Get-WhatIfLine { Copy-Image @wish -WhatIf })" | Should -BeLike '*, sends 0 bytes, *'
        $folder = New-TestStore
        $env:IMGSPS_STORE = $store
        try {
            $wish.Destination = "$folder/none/"
            "$(Get-WhatIfLine { Copy-Image @wish -WhatIf })" | Should -BeLike "*, sends $($copied.BytesMounted) bytes, 0 are there*"
            Get-ChildItem $folder | Should -BeNullOrEmpty
        } finally { Remove-TestStore $folder; $env:IMGSPS_STORE = $store }
    }
}

Describe 'Push with real parts' -Skip:([bool]$missingDocker) {
    BeforeAll {
        Import-Module "$PSScriptRoot/RealParts.psm1" -Force
        $folder = (New-Item -ItemType Directory (
            Join-Path ([System.IO.Path]::GetTempPath()) "imgsps-push-$([guid]::NewGuid().ToString('N').Substring(0, 8))")).FullName
        $null = New-Item -ItemType Directory "$folder/a", "$folder/b", "$folder/context", "$folder/temp"

        # What is left over is looked for where nobody else puts anything.
        $temp = $env:TMPDIR
        $env:TMPDIR = "$folder/temp"
        $source = Start-RealRegistry "$folder/a"
        $target = Start-RealRegistry "$folder/b" -AccessLog
        $engine = Start-RealDocker $folder
        $env:DOCKER_BUILDKIT = '0'
        function docker { Invoke-Native (Get-Command docker -CommandType Application)[0].Source -H $engine.Socket @args }
        Copy-Item (Get-Command busybox -CommandType Application)[0].Source "$folder/context/busybox"
        Set-Content "$folder/context/Dockerfile" "FROM scratch`nCOPY busybox /bin/busybox`nENV PATH=/bin`nCMD [`"/bin/busybox`", `"echo`", `"it runs`"]"
        docker build --network none -q -t "$($source.Host)/team/app:1" "$folder/context"
        docker push -q "$($source.Host)/team/app:1"
        $store = "$folder/store"
    }

    AfterAll {
        Stop-RealPart $engine
        Stop-RealPart $source
        Stop-RealPart $target
        $env:DOCKER_BUILDKIT = $null
        Set-Item -LiteralPath env:TMPDIR -Value $temp
        Remove-Item -LiteralPath $folder -Recurse -Force -ErrorAction Ignore
    }

    It 'goes from a registry through the store to another one, and docker pulls it there and runs it' {
        $image = Invoke-ImagePull "$($source.Host)/team/app:1" -Store $store
        $null = Add-ImageTag $image.Reference -Tag "$($target.Host)/new/app:2" -Store $store
        $pushed = Invoke-ImagePush "$($target.Host)/new/app:2" -Store $store
        $pushed.Digest | Should -Be $image.Digest
        (Invoke-Native skopeo inspect --tls-verify=false "docker://$($target.Host)/new/app:2" | ConvertFrom-Json).Digest | Should -Be $image.Digest

        docker pull -q "$($target.Host)/new/app:2"
        docker image inspect -f '{{.Id}}' "$($target.Host)/new/app:2" | Should -Be $image.Id
        docker run --rm --network none "$($target.Host)/new/app:2" | Should -Be 'it runs'
    }

    It 'asks docker-registry one HEAD for what is there (PU19), and mounts what another repository has (PU2)' {
        $log = "$folder/b/registry.log.out"
        $before = @(Get-Content $log).Count
        (Invoke-ImagePush "$($target.Host)/new/app:2" -Store $store).Requests | Should -Be 1
        $lines = @(Get-Content $log | Select-Object -Skip $before)
        $lines | Should -HaveCount 1
        $lines | Should -BeLike '*HEAD /v2/new/app/manifests/2*'

        $copied = Copy-Image new/app:2 -Store "registry://$($target.Host)" -Destination "$($target.Host)/third/app:1"
        $copied.BytesUploaded | Should -Be 0
        $copied.BytesMounted | Should -BeGreaterThan 100000
    }

    It 'lets a Docker Engine push by itself, under a name that it has' {
        docker tag "$($source.Host)/team/app:1" "$($target.Host)/engine/app:1"
        $pushed = Invoke-ImagePush "$($target.Host)/engine/app:1" -Store $engine.Socket
        $pushed.Status | Should -Be Pushed
        $pushed.Digest | Should -Be (Invoke-Native skopeo inspect --tls-verify=false "docker://$($target.Host)/engine/app:1" | ConvertFrom-Json).Digest
        Invoke-ImagePush "$($target.Host)/engine/app:1" "$($target.Host)/engine/other:1" -Store $engine.Socket -ErrorAction SilentlyContinue `
            -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].ErrorDetails.RecommendedAction | Should -BeLike 'Give it the name first: Add-ImageTag*'
        Invoke-ImagePush "$($target.Host)/engine/nosuch:1" -Store $engine.Socket -ErrorAction SilentlyContinue -ErrorVariable failed |
            Should -BeNullOrEmpty
        "$failed" | Should -BeLike '*An image does not exist locally with the tag: *engine/nosuch*'
    }

    It 'keeps what skopeo loads into a layout, and what skopeo copies out of it, at one digest' {
        Invoke-Native skopeo copy --all --src-tls-verify=false "docker://$($target.Host)/new/app:2" "oci:$folder/layout:$($target.Host)/new/app:2"
        $stored = Get-Image -Store "$folder/layout"
        $pushed = Invoke-ImagePush $stored.Reference "$($target.Host)/from/skopeo:1" -Store "$folder/layout"
        $pushed.Digest | Should -Be $stored.Digest
    }

    It 'lets skopeo copy every image out of the store and back with no digest changed' {
        $registry = Start-TestRegistry
        try {
            $own = "$folder/own"
            $null = Add-TestImage $registry 'team/one:1'
            $null = Add-TestImage $registry 'team/two:2' @{ layers = @(@{ seed = 91; size = 30000 }; @{ seed = 92; size = 100 }) }
            $null = Add-TestIndex $registry 'team/multi:1' @(@{ architecture = 'amd64' }, @{ architecture = 'arm64' })
            $null = 'one:1', 'two:2', 'multi:1' | ForEach-Object { "$($registry.Host)/team/$_" } | Invoke-ImagePull -Store $own -AllPlatforms
            foreach ($image in Get-Image -Store $own | Sort-Object Reference -Unique) {
                $there = "$($target.Host)/skopeo/$($image.Reference -replace '^[^/]*/')"
                Invoke-Native skopeo copy --all --preserve-digests --dest-tls-verify=false "oci:${own}:$($image.Reference)" "docker://$there"
                (Get-Image ($there -replace '^[^/]*/') -Store "registry://$($target.Host)").Digest | Sort-Object -Unique | Should -Be $image.Digest
                Invoke-Native skopeo copy --all --preserve-digests --src-tls-verify=false "docker://$there" "oci:$folder/back-skopeo:$($image.Reference)"
            }
            $back = Get-Image -Store "$folder/back-skopeo" | Sort-Object Reference -Unique
            $back.Digest | Should -Be (Get-Image -Store $own | Sort-Object Reference -Unique).Digest
            $back | Should -HaveCount 3

            # A Docker Engine keeps no index: whoever wants all of it is told.
            { Copy-Image "$($registry.Host)/team/multi:1" -Store $own -Destination $engine.Socket -AllPlatforms -ErrorAction Stop } |
                Should -Throw -ErrorId 'NotSupported,ImgsPS.Cmdlets.CopyImageCommand'
        } finally { Stop-TestRegistry $registry }
    }

    It 'copies into a Docker Engine only the layers that it lacks, from the store and from a registry (CP7)' {
        $null = New-Item -ItemType Directory "$folder/second"
        $second = Start-RealDocker "$folder/second"
        try {
            $null = & dd if=/dev/urandom "of=$folder/context/change" bs=1k count=100 2>&1
            Set-Content "$folder/context/Dockerfile" "FROM $($source.Host)/team/app:1`nCOPY change /change`nCMD [`"/bin/busybox`", `"echo`", `"it runs too`"]"
            docker build --network none -q -t "$($source.Host)/team/app:2" "$folder/context"
            docker push -q "$($source.Host)/team/app:2"
            $one, $two = "$($source.Host)/team/app:1", "$($source.Host)/team/app:2" | Invoke-ImagePull -Store $store

            $first = Copy-Image $one.Reference -Store $store -Destination $second.Socket
            $first.Status | Should -Be Created
            $first.Id | Should -Be $one.Id
            $plan = Get-WhatIfLine { Copy-Image $two.Reference -Store $store -Destination $second.Socket -WhatIf }
            $next = Copy-Image $two.Reference -Store $store -Destination $second.Socket
            $next.BytesUploaded | Should -BeLessThan 200000
            $next.BytesExisting | Should -BeGreaterThan 500000
            "$plan" | Should -BeLike "*sends $($next.BytesUploaded) bytes, $($next.BytesExisting) are there*"
            (Copy-Image $two.Reference -Store $store -Destination $second.Socket).Status | Should -Be Unchanged
            (Get-Image $two.Reference -Store $second.Socket).Id | Should -Be $two.Id
            Invoke-Native (Get-Command docker -CommandType Application)[0].Source -H $second.Socket run --rm --network none $two.Reference |
                Should -Be 'it runs too'

            # From one Engine to another, and out of an Engine into a store: the same image.
            $null = Remove-Image $two.Reference -Store $second.Socket
            $across = Copy-Image $two.Reference -Store $engine.Socket -Destination $second.Socket
            $across.Id | Should -Be $two.Id
            $across.BytesUploaded | Should -BeLessThan 200000
            (Copy-Image $two.Reference -Store $engine.Socket -Destination "$folder/two.tar").Store | Should -Be "$folder/two.tar"
            $null = Remove-Image $two.Reference -Store $second.Socket
            (Copy-Image '*' -Store "$folder/two.tar" -Destination $second.Socket).Id | Should -Be $two.Id
            $out = Copy-Image $two.Reference -Store $engine.Socket -Destination "$folder/out"
            (Get-Image -Store "$folder/out").Id | Should -Be $two.Id
            (Get-Image -Store "$folder/out").Layers.DiffId | Should -Be $two.Layers.DiffId
            @(Get-ChildItem ([System.IO.Path]::GetTempPath()) -Filter 'imgsps-copy-*') | Should -BeNullOrEmpty
        } finally { Stop-RealPart $second }
    }

    It 'goes the whole way round: registry, store, registry, docker, archive, docker, archive, store, Engine, and nothing is left' {
        $round = "$folder/round"
        $null = New-Item -ItemType Directory "$folder/third"
        $third = Start-RealDocker "$folder/third"
        function third { Invoke-Native (Get-Command docker -CommandType Application)[0].Source -H $third.Socket @args }
        try {
            $image = Invoke-ImagePull "$($source.Host)/team/app:1" -Store $round
            $name = "$($target.Host)/round/app:1"
            $null = Add-ImageTag $image.Reference -Tag $name -Store $round
            (Invoke-ImagePush $name -Store $round).Digest | Should -Be $image.Digest
            third pull -q $name
            third run --rm --network none $name | Should -Be 'it runs'

            Export-Image $name -Store $round -Path "$folder/round.tar"
            third rmi $name
            third load -q -i "$folder/round.tar"
            third image inspect -f '{{.Id}}' $name | Should -Be $image.Id
            third save -o "$folder/saved.tar" $name
            $back = Import-Image "$folder/saved.tar" -Store "$folder/back"
            $back.Id | Should -Be $image.Id
            $back.Layers.DiffId | Should -Be $image.Layers.DiffId
            $whole = Import-Image "$folder/round.tar" -Store "$folder/whole"
            $whole.Digest | Should -Be $image.Digest

            $delta = Copy-Image $name -Store $round -Destination $third.Socket
            $delta.Status | Should -Be Unchanged
            third rmi $name
            (Copy-Image $name -Store $round -Destination $third.Socket).Id | Should -Be $image.Id

            foreach ($place in $round, "$folder/back", "$folder/whole") {
                Get-Image -Store $place | Remove-Image -Confirm:$false
                $null = Optimize-ImageStore -Store $place -Confirm:$false
                @(Get-ChildItem "$place/blobs" -Recurse -File) | Should -BeNullOrEmpty
            }
        } finally { Stop-RealPart $third }
    }
}
