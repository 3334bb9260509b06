# The module against Debian's own docker-registry, with images that Debian's docker built and pushed, read again by skopeo and umoci.
BeforeDiscovery {
    Import-Module "$PSScriptRoot/RealParts.psm1" -Force
    $missing = Get-MissingPart docker-registry, dockerd, docker, skopeo, umoci, busybox
    if ($missing) {
        Write-Warning "Tests with real parts are skipped; this machine has no $missing."
    }
}

Describe 'A real registry with images that docker built' -Skip:([bool]$missing) {
    BeforeAll {
        Import-Module "$PSScriptRoot/RealParts.psm1" -Force
        Import-Module "$PSScriptRoot/TestSession.psm1" -Force
        Import-TestModule
        $folder = (New-Item -ItemType Directory (
            Join-Path ([System.IO.Path]::GetTempPath()) "imgsps-real-$([guid]::NewGuid().ToString('N'))")).FullName
        $registry = Start-RealRegistry $folder
        $engine = Start-RealDocker $folder
        $team = "$($registry.Host)/team"
        $store = "$folder/store"

        function docker { Invoke-Native (Get-Command docker -CommandType Application)[0].Source -H $engine.Socket @args }
        function Get-RemoteImage ($Reference) { Invoke-Native skopeo inspect --tls-verify=false "docker://$Reference" | ConvertFrom-Json }
        function Get-StoredImage ($Store, $Reference) { Invoke-Native skopeo inspect "oci:${Store}$Reference" | ConvertFrom-Json }

        $context = New-Item -ItemType Directory "$folder/context"
        Copy-Item (Get-Command busybox -CommandType Application)[0].Source "$context/busybox"
        Set-Content "$context/Dockerfile" @'
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox","--install","-s","/bin"]
LABEL env=prod team=ops
ENV PATH=/bin
CMD ["sh"]
'@
        $env:DOCKER_BUILDKIT = '0'
        docker build --network none -q -t "$team/busybox:1.35" $context
        docker push -q "$team/busybox:1.35"
        docker tag "$team/busybox:1.35" "$team/multi:amd64"
        docker push -q "$team/multi:amd64"

        # This docker builds for its own platform only; the other one is made of its image.
        Invoke-Native skopeo copy --src-tls-verify=false "docker://$team/multi:amd64" "oci:$folder/edit:arm64"
        Invoke-Native umoci config --image "$folder/edit:arm64" --architecture arm64
        Invoke-Native skopeo copy --format v2s2 --dest-tls-verify=false "oci:$folder/edit:arm64" "docker://$team/multi:arm64"
        Invoke-Native skopeo copy --format oci --src-tls-verify=false --dest-tls-verify=false "docker://$team/busybox:1.35" "docker://$team/busybox:oci"
        docker manifest create --insecure "$team/multi:latest" "$team/multi:amd64" "$team/multi:arm64"
        docker manifest push --insecure "$team/multi:latest"
    }

    AfterAll {
        Stop-RealPart $engine
        Stop-RealPart $registry
        Remove-Item -LiteralPath $folder -Recurse -Force
    }

    It 'pulls by tag, with the digests that skopeo sees in the registry and in the store' {
        $image = Invoke-ImagePull "$team/busybox:1.35" -Store "$folder/single"
        $remote = Get-RemoteImage "$team/busybox:1.35"
        $image.Digest | Should -Be $remote.Digest
        $image.Labels['env'] | Should -Be prod
        $image.Layers.Digest | Should -Be $remote.Layers
        $image.Id | Should -Be (docker image inspect -f '{{.Id}}' "$team/busybox:1.35")

        # skopeo 1.9 finds images of Docker's media types in a layout only where they are its only image, not by name.
        $stored = Get-StoredImage "$folder/single"
        $stored.Digest | Should -Be $remote.Digest
        $stored.Layers | Should -Be $remote.Layers
    }

    It 'keeps OCI images so that skopeo finds each by its name' {
        $image = Invoke-ImagePull "$team/busybox:oci" -Store $store
        $null = Invoke-ImagePull "$team/busybox:1.35" -Store $store
        $image.Digest | Should -Be (Get-RemoteImage $image.Reference).Digest
        $stored = Get-StoredImage $store ":$($image.Reference)"
        $stored.Digest | Should -Be $image.Digest
        $stored.Layers | Should -Be $image.Layers.Digest
    }

    It 'pulls by digest and pins it' {
        $digest = (Get-RemoteImage "$team/busybox:1.35").Digest
        $image = Invoke-ImagePull "$team/busybox@$digest" -Store $store
        $image.Digest | Should -Be $digest
        $image.Tag | Should -BeNullOrEmpty
        $image.Dangling | Should -BeFalse
    }

    It 'pulls one platform of a manifest list' {
        $image = Invoke-ImagePull "$team/multi" -Platform linux/arm64 -Store $store
        $image.Architecture | Should -Be arm64
        $image.Digest | Should -Be "sha256:$((Get-FileHash -InputStream ([System.IO.MemoryStream]::new([System.Text.Encoding]::UTF8.GetBytes((Get-ImageManifest "$team/multi" -Raw))))).Hash.ToLowerInvariant())"
    }

    It 'shows a manifest per platform, and names those that exist when one does not' {
        (Get-ImageManifest "$team/multi").Architecture | Should -Be amd64, arm64
        $failure = { Invoke-ImagePull "$team/multi" -Platform linux/s390x -Store $store -ErrorAction Stop } | Should -Throw -PassThru
        $failure.Exception.Message | Should -BeLike '*no matching manifest for linux/s390x in the manifest list entries*'
        $failure.Exception.Message | Should -BeLike '*linux/amd64, linux/arm64*'
    }

    It 'lists repositories that match when the registry has no search' {
        (Find-Image busy -Registry $registry.Host).Name | Should -Be "$team/busybox"
    }

    It 'lists, filters and removes in a pipeline' {
        (Get-Image "$team/*" -Store $store).Count | Should -BeGreaterThan 1
        Get-Image -Store $store | Where-Object { $_.Labels['env'] -eq 'prod' } | Sort-Object Repository -Unique |
            ForEach-Object Repository | Should -Be "$team/busybox", "$team/multi"

        Set-Content "$context/Dockerfile" "FROM $team/busybox:1.35`nLABEL version=2"
        $old = Get-Image "$team/busybox:1.35" -Store $store
        docker build --network none -q -t "$team/busybox:1.35" $context
        docker push -q "$team/busybox:1.35"
        Get-Image -Store $store | Where-Object { $_.Id -eq $old.Id -and $_.Reference -ne $old.Reference } | Remove-Image -IncludePinned
        $null = Invoke-ImagePull "$team/busybox:1.35" -Store $store
        (Get-Image -Store $store | Where-Object Dangling).Id | Should -Be $old.Id
        $removal = Get-Image -Store $store | Where-Object Dangling | Remove-Image -PassThru
        $removal.Deleted[0] | Should -Be $old.Id
        $removal.BytesFreed | Should -BeGreaterThan 0
        Get-Image -Store $store | Where-Object Dangling | Should -BeNullOrEmpty
    }

    It 'leaves a store that umoci unpacks from' {
        $image = Invoke-ImagePull "$team/busybox:oci" -Store $store
        Invoke-Native umoci unpack --image "${store}:$($image.Reference)" "$folder/bundle"
        (Get-FileHash "$folder/bundle/rootfs/bin/busybox").Hash | Should -Be (Get-FileHash "$context/busybox").Hash
    }

    It 'pulls a Debian base image of about 100 MB whose digests skopeo confirms' `
        -Skip:(-not (Get-Command dpkg-query -CommandType Application -ErrorAction Ignore)) {
        # The packages of this machine that every Debian has, as they are installed here: thousands of real files, and no network.
        $list = 'dpkg -L $(dpkg-query -W -f ''${Priority} ${Package}\n'' | sed -nE ''s/^(required|important) //p'') | xargs -d ''\n'' realpath -qe | grep -vE ''^/(dev/.*)?$'' | LC_ALL=C sort -u'
        Invoke-Native sh -c $list | Set-Content -LiteralPath "$folder/paths"
        Invoke-Native tar -C / --no-recursion -P --transform 's,^/,,' -cf "$folder/debian.tar" -T "$folder/paths"
        docker import "$folder/debian.tar" "$($registry.Host)/debian/base:12"
        docker push -q "$($registry.Host)/debian/base:12"
        $image = Invoke-ImagePull "$($registry.Host)/debian/base:12" -Store "$folder/debian"
        $image.Size | Should -BeGreaterThan 30MB
        $image.Digest | Should -Be (Get-RemoteImage $image.Reference).Digest
        (Get-StoredImage "$folder/debian").Digest | Should -Be $image.Digest
    }
}
